// spool hold, release, retry, drop, flush: what changes waiting mail.

#include <fmt/core.h>

#include "apps/paraph/waiting.h"
#include "sys/file_system.h"

namespace paraph::app {
namespace {

using spool::Entry;

/// Writes dropped mail into the ledger, where the database lets us: a drop must work when it does not.
class Record {
 public:
  Record(const config::Site& site, std::string caller)
      : path_(site.path_of("db_name")), caller_(std::move(caller)) {}

  void dropped(const Entry& entry, const spool::Copies& copies, const std::string& message_id) {
    if (!entry.header) return note("its header cannot be read");
    if (!failed_.empty()) return note(failed_);
    auto written = write(entry, copies, message_id);
    if (!written) note(failed_ = written.error().what());
  }
  /// Why some drops are not in the ledger, else empty.
  [[nodiscard]] std::string complaint() const {
    return missing_ == 0
               ? std::string()
               : fmt::format("{} dropped mails are not in the ledger: {}", missing_, why_);
  }

 private:
  void note(const std::string& why) {
    ++missing_;
    why_ = why;
  }

  // A lock that is held now will be held for the next mail: it is waited for once.
  Result<void> write(const Entry& entry, const spool::Copies& copies,
                     const std::string& message_id) {
    if (!database_) {
      auto opened = store::Database::open(path_);
      if (!opened) return std::move(opened).error();
      database_ = std::move(*opened);
    }
    const auto& header = *entry.header;
    const std::string by = "by " + caller_;
    auto recorded = database_->ledger().record(
        {.id = header.id.str(),
         .list = header.list,
         .from = header.kind.empty() ? header.reverse_path : header.sender,
         .outcome = "dropped",
         .reason = by,
         .mta_id = {},
         .size = static_cast<long long>(entry.size),
         .received = epoch(header.received),
         .message_id = message_id});
    if (!recorded) return recorded;
    std::vector<store::CopyRow> rows;
    for (const auto& copy : copies.done)
      rows.push_back({header.id.str(), copy.recipient, copy.outcome, copy.certificate, copy.cipher,
                      copy.detail});
    for (const auto& member : copies.left)
      rows.push_back({header.id.str(), member, "dropped", {}, {}, by});
    return rows.empty() ? Result<void>() : database_->ledger().record_copies(rows);
  }

  std::string path_;
  std::string caller_;
  std::unique_ptr<store::Database> database_;
  std::string failed_;
  std::string why_;
  std::size_t missing_ = 0;
};

/// One of the verbs: its word in the past, and what it does to one place.
struct Change {
  std::string_view verb;
  std::string_view done;
  Result<void> (*act)(spool::Desk&, const Entry&);
  bool (*concerns)(const Entry&);  ///< for ALL: others are passed over in silence
};

bool is_live(const Entry& entry) {
  return spool::live(entry.state) && (entry.spool == "msg" || entry.spool == "bulk");
}
bool is_held(const Entry& entry) {
  return entry.state == spool::State::held;
}
bool may_be_retried(const Entry& entry) {
  return entry.state == spool::State::quarantined || entry.state == spool::State::postponed;
}
bool is_postponed(const Entry& entry) {
  return entry.state == spool::State::postponed || (entry.spool == "bulk" && entry.next_try);
}
bool is_anything(const Entry&) {
  return true;
}

Result<void> retry(spool::Desk& desk, const Entry& entry) {
  return desk.retry(entry.place());
}

constexpr Change kHold{
    "hold", "held", [](spool::Desk& desk, const Entry& entry) { return desk.hold(entry.place()); },
    &is_live};
constexpr Change kRelease{
    "release", "released",
    [](spool::Desk& desk, const Entry& entry) { return desk.release(entry.place()); }, &is_held};
constexpr Change kRetry{"retry", "to be retried", &retry, &may_be_retried};
constexpr Change kDrop{
    "drop", "dropped",
    [](spool::Desk& desk, const Entry& entry) { return desk.drop(entry.place()); }, &is_anything};
constexpr Change kFlush{"flush", "due now", &retry, &is_postponed};

/// The run of one verb over what was named.
class Run {
 public:
  Run(Invocation& call, const Change& change, WaitingMail waiting, const config::Site& site)
      : call_(call),
        change_(change),
        waiting_(std::move(waiting)),
        shorten_(short_ids(waiting_.entries())),
        record_(site, call.caller()),
        log_(sys::open_log("paraph", false, sys::Level::info)) {}

  /// All places of one mail. Where one of them lets the verb through, another that has no such arrow is no failure.
  /// `picked`: by ALL and not by name, so one that has moved on meanwhile is none either.
  void mail(const std::vector<Entry>& places, bool picked) {
    std::optional<Error> failed;
    bool acted = false;
    for (const auto& entry : places) {
      auto done = place(entry);
      if (done) {
        acted = true;
      } else if (done.error().code() == Errc::busy || !failed) {
        failed = std::move(done).error();
        if (failed->code() == Errc::busy) break;
      }
    }
    const bool beside_the_point =
        failed && (acted || picked) &&
        (failed->code() == Errc::usage || failed->code() == Errc::not_found);
    if (failed && !beside_the_point) complain(places.front(), *failed);
  }

  void complain(const std::string& name, const Error& why) {
    failures_.push_back({{"id", name}, {"error", why.what()}});
    const int code = app::complain("paraph", why);
    // What is busy helps later; it must not hide behind what will never be.
    if (code_ == kOk || code == kTemporary) code_ = code;
  }

  [[nodiscard]] const WaitingMail& waiting() const { return waiting_; }

  int end() {
    if (const auto complaint = record_.complaint(); !complaint.empty()) Invocation::warn(complaint);
    for (const auto& spool : waiting_.not_seen()) Invocation::warn("not seen: " + spool);
    if (lines_.empty() && failures_.empty()) lines_ = "nothing to do\n";
    call_.print({{"verb", change_.verb},
                 {"dry_run", call_.dry_run},
                 {"mails", mails_},
                 {"failed", failures_},
                 {"not_in_ledger", record_.complaint()},
                 {"not_seen", waiting_.not_seen()}},
                lines_);
    return code_;
  }

 private:
  void complain(const Entry& entry, const Error& why) {
    const std::string id = entry.id();
    complain(id.empty() ? entry.name : shorten_(id), why);
  }

  Result<void> place(const Entry& entry) {
    const bool drops = change_.verb == kDrop.verb;
    // Who had his copy, and what it is called, is known only while the files are there.
    const spool::Copies copies = drops ? waiting_.copies(entry) : spool::Copies{};
    const std::string message_id = drops ? waiting_.message_id(entry) : std::string{};
    if (!call_.dry_run) {
      if (auto done = change_.act(waiting_.desk(), entry); !done) return done;
      log_->write(sys::Level::info, change_.done,
                  {{"id", entry.id()}, {"spool", spool_of(entry)}, {"by", call_.caller()}});
      if (drops) record_.dropped(entry, copies, message_id);
    }
    const std::string id = entry.id();
    mails_.push_back({{"id", id}, {"spool", spool_of(entry)}, {"file", entry.name}});
    lines_ += table({{(call_.dry_run ? "would be " : "") + std::string(change_.done),
                      id.empty() ? entry.name : shorten_(id), spool_of(entry), list_of(entry),
                      sender_of(entry)}});
    return {};
  }

  Invocation& call_;
  const Change& change_;
  WaitingMail waiting_;
  ShortIds shorten_;
  Record record_;
  std::unique_ptr<sys::Log> log_;
  std::string lines_;
  Json mails_ = Json::array();
  Json failures_ = Json::array();
  int code_ = kOk;
};

bool names_all(const Invocation& call) {
  return call.arguments.size() == 1 && call.arguments[0] == "ALL";
}

Result<int> change(Invocation& call, const Change& what) {
  auto site = call.site();
  if (!site) return std::move(site).error();
  const TimePoint now = sys::SystemClock().now();
  auto filter = read_filter(call, now);
  if (!filter) return std::move(filter).error();
  const bool all = names_all(call);
  if (filter->any() && !all)
    return Error::never(Errc::usage, "--spool, --list, --from and --older go with ALL")
        .with_hint(fmt::format("paraph spool {} ALL …", what.verb));
  if (all && what.verb == kDrop.verb && !call.has("yes") && !call.dry_run)
    return Error::never(Errc::usage, "drop ALL deletes mail for good: say --yes")
        .with_hint("paraph spool drop ALL … --dry-run shows which");
  Run run(call, what, WaitingMail::look(**site), **site);
  if (all) {
    for (const auto& entry : run.waiting().entries())
      if (what.concerns(entry) && filter->takes(entry)) run.mail({entry}, true);
  } else {
    for (const auto& argument : call.arguments) {
      auto found = run.waiting().find_to_change(argument);
      if (found)
        run.mail(*found, false);
      else
        run.complain(argument, found.error());
    }
  }
  return run.end();
}

}  // namespace

Result<int> spool_hold(Invocation& call) {
  return change(call, kHold);
}
Result<int> spool_release(Invocation& call) {
  return change(call, kRelease);
}
Result<int> spool_retry(Invocation& call) {
  return change(call, kRetry);
}
Result<int> spool_drop(Invocation& call) {
  return change(call, kDrop);
}
Result<int> spool_flush(Invocation& call) {
  if (call.arguments.empty()) call.arguments = {"ALL"};
  return change(call, kFlush);
}

}  // namespace paraph::app
