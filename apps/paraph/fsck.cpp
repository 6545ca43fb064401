// fsck: what is damaged or out of place on a site, and mends what can be mended without loss. Never deletes mail.

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>

#include "apps/common/daemon_state.h"
#include "apps/paraph/waiting.h"
#include "cms/certificate.h"
#include "mail/address.h"
#include "pipeline/key_ring.h"
#include "spool/fsck.h"
#include "sys/file_system.h"
#include "sys/process.h"

namespace paraph::app {
namespace {

constexpr std::size_t kMaxCertificateFile = 256U << 10U;
constexpr auto kAbandoned = std::chrono::hours(1);
constexpr std::uint64_t kLargeLog = 64U << 20U;

/// `note`: nothing is needed. `mendable`: --repair does it. `person`: only somebody who knows can.
enum class Need : unsigned char { note, mendable, person };

struct Damage {
  Need need = Need::person;
  std::string code;
  std::string message;
  std::string command;                        ///< for a person
  std::function<Result<void>()> repair = {};  ///< of what is mendable
  bool repaired = false;
};

std::string word(const Damage& damage) {
  if (damage.repaired) return "repaired";
  static constexpr std::array<const char*, 3> words{"note", "mendable", "needs-you"};
  return words.at(static_cast<std::size_t>(damage.need));
}

/// The checks, one method a subject.
class Examination {
 public:
  explicit Examination(const config::Site& site)
      : site_(site), waiting_(WaitingMail::look(site)), now_(sys::SystemClock().now()) {}

  void permissions();
  void keys();
  void certificates();
  void database();
  void quarantine();
  void spools();

  [[nodiscard]] std::vector<Damage>& damages() { return damages_; }
  [[nodiscard]] const WaitingMail& waiting() const { return waiting_; }

 private:
  void directory(const std::string& path, bool makable);
  void file(const std::string& path, unsigned forbidden, const char* what);
  void not_ours(const std::string& path, unsigned uid);
  void certificate_file(sys::FileSystem& fs, const sys::FileInfo& info);
  void person(std::string code, std::string message, std::string command) {
    damages_.push_back({Need::person, std::move(code), std::move(message), std::move(command)});
  }

  const config::Site& site_;
  WaitingMail waiting_;
  TimePoint now_;
  std::unique_ptr<store::Database> database_;
  std::vector<Damage> damages_;
};

Result<void> change_mode(const std::string& path, mode_t mode) {
  if (::chmod(path.c_str(), mode) == 0) return {};
  return Error::later(Errc::denied, fmt::format("chmod {}: {}", path, std::strerror(errno)));
}

Result<void> make_directory(const std::string& path) {
  auto parent = sys::open_root(sys::directory_of(path));
  if (!parent) return std::move(parent).error();
  return (*parent)->make_directory(path.substr(path.rfind('/') + 1));
}

void Examination::not_ours(const std::string& path, unsigned uid) {
  const std::string wanted = sys::user_name(sys::current_uid());
  person("foreign", fmt::format("{}: belongs to {}, not to {}", path, sys::user_name(uid), wanted),
         fmt::format("chown {} {}", wanted, path));
}

void Examination::directory(const std::string& path, bool makable) {
  const auto owned = sys::ownership(path);
  if (!owned) {
    const bool missing = owned.error().code() == Errc::not_found;
    Damage damage{Need::person, missing ? "directory_missing" : "directory_unreadable",
                  owned.error().what(), "restore it from a backup"};
    if (missing && makable) {
      damage.need = Need::mendable;
      damage.repair = [path] { return make_directory(path); };
    }
    damages_.push_back(std::move(damage));
    return;
  }
  if (owned->uid != sys::current_uid()) return not_ours(path, owned->uid);
  file(path, 0077, "directory");
}

// Our own file or directory that lets others in.
void Examination::file(const std::string& path, unsigned forbidden, const char* what) {
  const auto owned = sys::ownership(path);
  if (!owned) return;
  if (owned->uid != sys::current_uid()) return not_ours(path, owned->uid);
  if ((owned->mode & forbidden) == 0) return;
  const mode_t mode = owned->mode & ~forbidden;
  damages_.push_back({Need::mendable, "mode",
                      fmt::format("{}: mode {:04o} lets others at a {}", path, owned->mode, what),
                      fmt::format("chmod {:o} {}", mode, path),
                      [path, mode] { return change_mode(path, mode); }});
}

void Examination::permissions() {
  for (const auto* spool : {"msg", "auth", "moderation", "bulk", "bounce", "missed"})
    directory(site_.spool_directory(spool), true);
  for (const auto* inside : {"/bad", "/hold", "/.wait"})
    directory(site_.spool_directory("msg") + inside, true);
  for (const auto* inside : {"/msg", "/pct", "/done", "/bad", "/hold", "/.wait"})
    directory(site_.spool_directory("bulk") + inside, true);
  directory(site_.path_of("spool") + "/tmp", true);
  directory(site_.path_of("ssl_cert_dir"), false);
  directory(site_.path_of("home"), false);
  const std::string database = site_.path_of("db_name");
  for (const auto* suffix : {"", "-wal", "-shm"}) file(database + suffix, 0177, "database");
  file(site_.directory() + "/site.secret", 0177, "secret");
  if (const auto phrase = site_.path_of("key_passwd_file"); !phrase.empty())
    file(phrase, 0177, "passphrase");
}

void Examination::keys() {
  std::vector<std::pair<std::string, std::string>> homes{{"site", site_.site_key_directory()}};
  if (const auto lists = site_.lists())
    for (const auto& list : *lists) homes.emplace_back(list.str(), site_.list_directory(list));
  for (const auto& [whose, where] : homes) {
    auto pairs = pipeline::key_pairs_in(where);
    if (!pairs) {
      person("keys_unreadable", pairs.error().what(), "paraph key show " + whose);
      continue;
    }
    const auto before = damages_.size();
    for (const auto& pair : *pairs) {
      const std::string key = sys::join(where, pair.key);
      if (!sys::check_key_permissions(key)) file(key, 0177, "private key");
    }
    if (damages_.size() > before) continue;  // the ring would say the same again
    const auto ring = pipeline::load_key_ring(where, site_);
    if (!ring) person("keys_unreadable", ring.error().what(), ring.error().hint());
    if (ring)
      for (const auto& problem : ring->problems)
        person("key_unusable", problem, "paraph key show " + whose);
  }
}

// The address that a file's name stands for, without what says its use.
bool is_named_for(const std::string& name, const cms::Certificate& certificate) {
  for (const auto& email : certificate.emails()) {
    const auto address = mail::AddrSpec::parse(email);
    if (!address) continue;
    for (const auto* suffix : {"", "@enc", "@sign"})
      if (name == mail::filesystem_encode(address->canonical()) + suffix ||
          name == mail::historic_escape(address->canonical()) + suffix)
        return true;
  }
  return false;
}

void Examination::certificate_file(sys::FileSystem& fs, const sys::FileInfo& info) {
  const std::string path = fs.full_path(info.name);
  const auto text = fs.read(info.name, kMaxCertificateFile);
  const auto found = text ? cms::Certificate::from_pem(*text)
                          : Result<std::vector<cms::Certificate>>(text.error());
  if (!found) {
    const std::string what = found.error().what();
    return person("certificate_unreadable",
                  what.find(info.name) == std::string::npos ? path + ": " + what : what,
                  "paraph cert import FILE, or: rm " + path);
  }
  const bool named = std::any_of(found->begin(), found->end(), [&](const auto& certificate) {
    return is_named_for(info.name, certificate);
  });
  if (!named)
    damages_.push_back({Need::note,
                        "certificate_of_another",
                        path + ": no certificate in it names that address (stored with --for?)",
                        {}});
}

void Examination::certificates() {
  auto root = sys::open_root(site_.path_of("ssl_cert_dir"));
  if (!root) return;  // permissions() says so
  const auto files = (*root)->list("");
  if (!files) return person("certificates_unreadable", files.error().what(), "");
  for (const auto& info : *files) {
    const bool temporary = info.name.substr(0, 2) == "T.";
    if (temporary && info.regular && info.modified + kAbandoned < now_)
      damages_.push_back({Need::mendable,
                          "leftover",
                          (*root)->full_path(info.name) + ": left by a crash",
                          {},
                          [fs = *root, name = info.name] { return fs->remove(name, false); }});
    if (temporary || info.directory) continue;
    certificate_file(**root, info);
  }
}

void Examination::database() {
  const std::string path = site_.path_of("db_name");
  auto opened = store::open_for_reading(path);
  if (!opened) {
    const auto& error = opened.error();
    return person("database", error.what(),
                  error.hint().empty() ? "restore it from a backup" : error.hint());
  }
  database_ = std::move(opened->database);
  if (!opened->limits.empty())
    person("database_unseen", "not seen: " + opened->limits, "df " + path);
  auto problems = database_->problems();
  if (!problems) return person("database", problems.error().what(), problems.error().hint());
  for (const auto& problem : *problems)
    person("database_damaged", "database " + path + ": " + problem, "restore it from a backup");
  if (auto writable = store::check_writable(path); !writable)
    person("database_unwritable", writable.error().what(), writable.error().hint());
  struct stat log {};
  if (::stat((path + "-wal").c_str(), &log) == 0 &&
      static_cast<std::uint64_t>(log.st_size) > kLargeLog)
    damages_.push_back({Need::note,
                        "database_log",
                        fmt::format("{}-wal: {}, not yet in the database; it is taken in when the "
                                    "daemons have a quiet moment",
                                    path, size_text(static_cast<std::uint64_t>(log.st_size))),
                        {}});
}

// What trace calls distributed while some of its copies never left.
void Examination::quarantine() {
  if (!database_) return;
  const ShortIds shorten = short_ids(waiting_.entries());
  for (const auto& entry : waiting_.entries()) {
    if (entry.spool != "bulk" || entry.state != spool::State::quarantined) continue;
    const auto row = database_->ledger().find(entry.id());
    if (!row || !*row || (*row)->outcome != "distributed") continue;
    person("copies_in_quarantine",
           fmt::format("{} is distributed, but {} of its copies are in quarantine: {}",
                       shorten(entry.id()), entry.recipients_left, entry.waits_for),
           "paraph spool show " + shorten(entry.id()));
  }
}

void Examination::spools() {
  if (!waiting_.not_seen().empty())
    return damages_.push_back({Need::person, "spools_not_examined",
                               "not examined: " + waiting_.not_seen().front(),
                               "paraph fsck --repair, then again"});
  auto fsck = std::make_shared<spool::Fsck>(waiting_.roots());
  auto found = fsck->look(now_);
  if (!found) return person("spools_unreadable", found.error().what(), found.error().hint());
  for (const auto& finding : *found) {
    const bool mendable = finding.repair != spool::Repair::none;
    Damage damage{
        mendable ? Need::mendable : Need::person, "spool",
        fmt::format("{}/{}: {}", site_.spool_directory(finding.spool), finding.path, finding.what),
        finding.hint};
    if (mendable) damage.repair = [fsck, finding] { return fsck->repair(finding); };
    damages_.push_back(std::move(damage));
  }
}

void mend(std::vector<Damage>& damages) {
  for (auto& damage : damages) {
    if (damage.need != Need::mendable) continue;
    auto done = damage.repair();
    damage.repaired = done.has_value();
    if (done) continue;
    damage.need = Need::person;
    damage.message += "; not repaired: " + done.error().what();
  }
}

int exit_code_of(const std::vector<Damage>& damages) {
  int code = kOk;
  for (const auto& damage : damages) {
    if (damage.repaired || damage.need == Need::note) continue;
    code = std::max(code, damage.need == Need::person ? 2 : 1);
  }
  return code;
}

}  // namespace

Result<int> fsck(Invocation& call) {
  auto site = call.site();
  if (!site) return std::move(site).error();
  Examination examination(**site);
  examination.permissions();
  examination.keys();
  examination.certificates();
  examination.database();
  examination.quarantine();
  examination.spools();
  auto& damages = examination.damages();
  if (call.has("repair") && !call.dry_run) mend(damages);
  std::stable_sort(damages.begin(), damages.end(),
                   [](const Damage& a, const Damage& b) { return a.need > b.need; });
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows;
  bool mendable = false;
  for (const auto& damage : damages) {
    mendable = mendable || (damage.need == Need::mendable && !damage.repaired);
    json.push_back({{"state", word(damage)},
                    {"code", damage.code},
                    {"message", damage.message},
                    {"command", damage.command}});
    rows.push_back({word(damage), damage.message, damage.repaired ? "" : damage.command});
  }
  const int code = exit_code_of(damages);
  call.print({{"exit", code}, {"findings", json}, {"not_seen", examination.waiting().not_seen()}},
             rows.empty() ? "clean\n" : table(rows, 1000));
  if (mendable && !call.json) Invocation::hint("paraph fsck --repair");
  return code;
}

}  // namespace paraph::app
