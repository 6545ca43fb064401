// message explain: what becomes of a message, and why.

#include "apps/paraph/explain.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/ascii.h"
#include "cms/keys.h"
#include "mail/address.h"
#include "pipeline/key_ring.h"
#include "sys/file_system.h"

namespace paraph::app {
namespace {

constexpr std::size_t kMaxMessage = 512U << 20;
constexpr std::size_t kMostRows = 100;

using pipeline::Explanation;

/// Keeps what the log would have been told, and tells nobody.
class Kept final : public sys::Log {
 public:
  explicit Kept(std::vector<std::string>& lines) : lines_(lines) {}
  void write(sys::Level, std::string_view event,
             std::initializer_list<sys::Log::Field> fields) override {
    auto line = sys::format_event(event, fields);
    if (std::find(lines_.begin(), lines_.end(), line) == lines_.end())
      lines_.push_back(std::move(line));
  }

 private:
  std::vector<std::string>& lines_;
};

pipeline::Ports quiet(const pipeline::Ports& p, sys::Log& log) {
  return {p.site,   p.directory, p.certificates, p.recipients, p.ledger,
          p.alarms, p.guard,     p.memory,       p.notices,    p.keys,
          p.clock,  p.random,    p.digest,       log,          p.cache};
}

// --- the mail
// -------------------------------------------------------------------------------------------------------------

// Addresses of ours that its header names.
std::set<std::string> own_addresses(const mail::MimeTree& tree, const config::Site& site) {
  std::set<std::string> own;
  for (const auto* name : {"To", "Cc", "Delivered-To", "X-Original-To"})
    for (const auto* field : tree.find(tree.root(), name))
      for (const auto& mailbox : mail::parse_address_list(tree.unfolded(*field)).mailboxes)
        if (pipeline::is_own_address(site, mailbox.address))
          own.insert(mailbox.address.canonical());
  return own;
}

// --list may name a list, a role address, or a list that is not there: that is an answer too.
Result<std::string> address_of(const std::string& word, const config::Site& site) {
  if (auto list = site.resolve_list(word)) return list->str();
  const std::string whole = word.find('@') == std::string::npos && site.domains().size() == 1
                                ? fmt::format("{}@{}", word, site.domains().front())
                                : word;
  const auto address = mail::AddrSpec::parse(whole);
  if (address) return address->canonical();
  return Error::never(Errc::usage, "--list: neither a list nor an address: " + word)
      .with_hint("paraph lists");
}

Result<std::string> destination(Invocation& call, const mail::MimeTree& tree,
                                const std::string& spooled_for, const config::Site& site) {
  if (call.has("list")) return address_of(call.option("list"), site);
  if (!spooled_for.empty()) return spooled_for;
  const auto own = own_addresses(tree, site);
  if (own.size() == 1) return *own.begin();
  std::string names;
  for (const auto& each : own) names += " " + each;
  return Error::never(Errc::usage, own.empty()
                                       ? std::string("its header names no address of this site")
                                       : "its header names several of our addresses:" + names)
      .with_hint(fmt::format("{} message explain … --list LIST", Invocation::program));
}

// A mail as the MTA would give it, or a copy of a spool's file.
Result<Subject> from_file(Invocation& call, const std::string& name, Runtime& runtime) {
  auto octets = sys::read_file(name, kMaxMessage);
  if (!octets) return std::move(octets).error();
  const auto now = sys::SystemClock().now();
  spool::SpoolHeader header{.address = {},
                            .id = spool::QueueId::make(now, cms::random()),
                            .received = now,
                            .reverse_path = {},
                            .kind = {},
                            .list = {},
                            .auth = {},
                            .sealed = {}};
  if (ascii::istarts_with(*octets, "X-Sympa-To:")) {
    auto spooled = spool::read_spooled(std::move(*octets), false);
    if (!spooled) return std::move(spooled).error().in(name);
    header = std::move(spooled->header);
    header.word = {};
    *octets = std::move(spooled->message);
  } else {
    const auto pipe = spool::read_pipe(*octets, {});
    header.reverse_path = pipe.reverse_path;
    header.unknown_sender = pipe.unknown_sender;
    octets->erase(0, pipe.message_offset);
  }
  Subject subject{.id = {},
                  .short_id = {},
                  .entry = {},
                  .header = {},
                  .tree = mail::scan(mail::RawMessage(std::move(*octets))),
                  .row = {}};
  auto to = destination(call, subject.tree, header.address, runtime.site());
  if (!to) return std::move(to).error();
  header.address = std::move(*to);
  subject.header = std::move(header);
  return subject;
}

/// What the spools and the ledger know of ids.
struct Sight {
  WaitingMail waiting;
  store::Ledger& ledger;
  std::optional<std::string> only;  ///< the one list that an owner may ask about
};

bool may_see(const Sight& sight, const spool::Entry& entry, const config::Site& site) {
  if (!sight.only) return true;
  const auto address = mail::AddrSpec::parse(list_of(entry));
  if (!address) return false;
  const std::string domain = ascii::to_lower(address->domain());
  const auto to = list::classify(address->local_part(), domain, site.address_rules(domain));
  return to.list_name + "@" + domain == *sight.only;
}

Result<std::set<std::string>> ids_of(const std::string& prefix, const Sight& sight,
                                     const config::Site& site) {
  std::set<std::string> ids;
  for (const auto& entry : sight.waiting.entries())
    if (auto id = entry.id(); id.starts_with(prefix) && may_see(sight, entry, site))
      ids.insert(std::move(id));
  auto rows = sight.ledger.with_prefix(prefix, kMostRows);
  if (!rows) return std::move(rows).error();
  for (auto& row : *rows)
    if (!sight.only || row.list == *sight.only) ids.insert(std::move(row.id));
  return ids;
}

// Of several places the one that is nearest to its arrival, with octets that can be read.
Result<void> read_octets(Subject& subject, Sight& sight) {
  std::optional<Error> failed;
  for (const auto& entry : sight.waiting.entries()) {
    if (entry.id() != subject.id) continue;
    auto octets = sight.waiting.desk().cat(entry.place());
    if (octets && entry.header) {
      subject.entry = entry;
      subject.header = *entry.header;
      subject.tree = mail::scan(mail::RawMessage(std::move(*octets)));
      return {};
    }
    if (!octets && !failed) failed = std::move(octets).error();
    if (!subject.entry) subject.entry = entry;
  }
  return failed && !subject.row ? Result<void>(*failed) : Result<void>();
}

Error no_such_mail(const std::string& prefix, const Sight& sight) {
  if (!sight.waiting.not_seen().empty())
    return Error::later(Errc::busy, fmt::format("{}: not among what could be seen; not {}", prefix,
                                                sight.waiting.not_seen().front()));
  return Error::never(Errc::not_found, prefix + ": no such mail")
      .with_hint(sight.only ? "a message is given on stdin, as -"
                            : "paraph trace --since 2d; a file of that name is ./" + prefix);
}

Result<Subject> from_id(Invocation& call, const std::string& prefix, Runtime& runtime) {
  const auto& site = runtime.site();
  Sight sight{WaitingMail::look(site), runtime.database().ledger(), std::nullopt};
  if (!call.actor.empty() && call.has("list")) {
    auto list = call.list();
    if (!list) return std::move(list).error();
    sight.only = list->str();
  }
  const auto ids = ids_of(prefix, sight, site);
  if (!ids) return ids.error();
  if (ids->empty()) return no_such_mail(prefix, sight);
  if (ids->size() > 1)
    return Error::never(Errc::usage, fmt::format("{}: {} mails begin so; say more of the id",
                                                 prefix, ids->size()))
        .with_hint("paraph trace " + prefix);
  Subject subject;
  subject.id = *ids->begin();
  subject.short_id = short_ids(sight.waiting.entries())(subject.id);
  auto row = sight.ledger.find(subject.id);
  if (!row) return std::move(row).error();
  subject.row = std::move(*row);
  if (auto read = read_octets(subject, sight); !read) return std::move(read).error();
  return subject;
}

// --- what is said of it
// -------------------------------------------------------------------------------------------------------------

Result<pipeline::Hypothesis> read_hypothesis(const Invocation& call) {
  pipeline::Hypothesis supposed;
  auto sender = address_option(call, "sender");
  if (!sender) return std::move(sender).error();
  if (!sender->empty()) supposed.sender = std::move(*sender);
  if (!call.has("auth")) return supposed;
  supposed.method = scenario::method_from(call.option("auth"));
  if (supposed.method && *supposed.method != scenario::AuthMethod::pgp) return supposed;
  return Error::never(Errc::usage, "--auth: smtp, md5 or smime, not " + call.option("auth"));
}

// The word that it waits for, and what its signature was worth when it was held (security rule 18).
spool::Word expected_word(const Subject& subject) {
  return {.verdict = subject.entry->spool == "auth" ? "confirm" : "distribute",
          .by = "explain",
          .reason = {},
          .judged = subject.header->auth};
}

void judge(Explained& all, const pipeline::Ports& ports) {
  const auto& header = *all.subject.header;
  const auto& tree = all.subject.tree;
  all.now = pipeline::explain(header, tree, all.supposed, ports);
  if (is_held(all.subject)) {
    auto supposed = all.supposed;
    supposed.word = expected_word(all.subject);
    all.released = pipeline::explain(header, tree, supposed, ports);
  }
  all.remedy = pipeline::remedy_for(*all.now, ports);
  // Of what does not open nobody knows what a copy would hold.
  if (all.remedy != pipeline::Remedy::smime || (all.now->found && !all.now->found->fully_opened))
    return;
  all.if_smime = pipeline::explain(header, tree,
                                   {all.now->item.sender, scenario::AuthMethod::smime, {}}, ports);
}

// "list config:12, stock"
std::string rules_from(const Explanation& explained, const config::Site& site) {
  const auto& item = explained.item;
  if (!item.list || !item.config) return {};
  const auto setting = item.config->setting("send");
  const bool own = setting.file.starts_with(site.list_directory(*item.list) + "/");
  const auto name = setting.file.substr(setting.file.rfind('/') + 1);
  const std::string chosen = setting.file.empty() ? "default"
                             : own                ? fmt::format("list {}:{}", name, setting.line)
                                                  : fmt::format("{}:{}", name, setting.line);
  constexpr std::array<std::string_view, 4> levels{"list", "domain", "site", "stock"};
  const auto path = site.search_path(item.list, item.list->domain(), "scenari");
  for (std::size_t i = 0; i < path.size() && i < levels.size(); ++i)
    if (sys::ownership(sys::join(path[i], "send." + setting.value)))
      return fmt::format("{}, {}", chosen, levels.at(i));
  return chosen;
}

// In bulk lie mails of ours, and what was forwarded with a mark of ours: not as they came.
bool as_it_came(const Subject& subject) {
  return subject.header &&
         !(subject.entry && subject.entry->spool == "bulk" && subject.header->kind != "post");
}

Result<pipeline::Reach> reach(const Explanation& explained, const pipeline::Ports& ports,
                              const std::function<void(const pipeline::Copy&)>& each) {
  return pipeline::reach_of(std::get<outcome::Distribute>(*explained.ending),
                            *explained.item.config, ports, each);
}

Json copy_json(const pipeline::Copy& copy) {
  const auto or_null = [](const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
  };
  return {{"member", copy.member},
          {"outcome", copy.outcome},
          {"cipher", or_null(copy.cipher)},
          {"why", or_null(copy.why)},
          {"detail", or_null(copy.detail)}};
}

std::string dumped(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

// One line each as it is found, so that memory stays flat: of JSON the object is left open for them.
Result<void> print_with_members(const Invocation& call, const Explained& all,
                                const pipeline::Ports& ports) {
  const auto* explained = all.distributed();
  bool first = true;
  if (call.json) {
    std::string text = dumped(explained_json(all), 2);
    text.erase(text.rfind('\n'));
    fmt::print("{},\n  \"members\": [", text);
  } else {
    call.print({}, explained_text(all));
  }
  const auto each = [&](const pipeline::Copy& copy) {
    if (call.json)
      fmt::print("{}\n    {}", std::exchange(first, false) ? "" : ",", dumped(copy_json(copy), -1));
    else
      fmt::print("{}",
                 table({{fmt::format("  {:<40}", copy.member), fmt::format("{:<7}", copy.outcome),
                         copy.cipher + copy.why, copy.detail}}));
  };
  auto told = explained != nullptr ? reach(*explained, ports, each)
                                   : Result<pipeline::Reach>(pipeline::Reach{});
  if (call.json) fmt::print("\n  ]\n}}\n");
  return told ? Result<void>() : Result<void>(told.error());
}

}  // namespace

bool is_held(const Subject& subject) {
  return subject.entry && spool::live(subject.entry->state) &&
         (subject.entry->spool == "auth" || subject.entry->spool == "moderation");
}

const Explanation* Explained::distributed() const {
  for (const auto* each : {&released, &now, &if_smime})
    if (*each && (*each)->is_distributed()) return &**each;
  return nullptr;
}

Result<Subject> find_subject(Invocation& call) {
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  const auto& argument = call.arguments[0];
  if (!may_begin_an_id(argument)) return from_file(call, argument, **runtime);
  auto found = from_id(call, argument, **runtime);
  // An owner's word is no name of a file.
  const bool other = !found && found.error().code() == Errc::not_found && call.actor.empty();
  if (other && sys::ownership(argument)) return from_file(call, argument, **runtime);
  return found;
}

Result<int> message_explain(Invocation& call) {
  auto supposed = read_hypothesis(call);
  if (!supposed) return std::move(supposed).error();
  if (call.has("members"))
    if (auto may = call.ask_about("review", {}); !may) return std::move(may).error();
  auto subject = find_subject(call);
  if (!subject) return std::move(subject).error();
  auto& runtime = **call.runtime();
  Explained all;
  all.subject = std::move(*subject);
  all.supposed = std::move(*supposed);
  if (!runtime.limits().empty()) all.problems.push_back("not seen: " + runtime.limits());
  Kept log(all.problems);
  const auto ports = quiet(runtime.ports(), log);
  if (as_it_came(all.subject)) judge(all, ports);
  if (all.now) all.rules_from = rules_from(*all.now, runtime.site());
  if (const auto* explained = all.distributed()) {
    auto counted = reach(*explained, ports, {});
    if (!counted) return std::move(counted).error();
    all.reach = std::move(*counted);
  }
  if (call.has("members")) {
    if (auto printed = print_with_members(call, all, ports); !printed)
      return std::move(printed).error();
    return kOk;
  }
  call.print(explained_json(all), explained_text(all));
  return kOk;
}

}  // namespace paraph::app
