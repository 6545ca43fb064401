// site create, ca add, ca list, config show.

#include <fmt/core.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "apps/paraph/verb.h"
#include "base/ascii.h"
#include "base/encode.h"
#include "base/utf8.h"
#include "cms/keys.h"
#include "cms/trust.h"
#include "mail/address.h"
#include "pipeline/key_ring.h"
#include "sys/file_system.h"
#include "sys/process.h"

namespace paraph::app {
namespace {

constexpr std::array<std::string_view, 23> kSiteDirectories{
    "etc/scenari",      "etc/mail_tt2",    "etc/search_filters",
    "list_data/sympa",  "X509-user-certs", "crl",
    "archive",          "spool/msg/bad",   "spool/msg/hold",
    "spool/msg/.wait",  "spool/bulk/hold", "spool/bulk/done",
    "spool/bulk/.wait", "spool/auth",      "spool/moderation",
    "spool/bulk/msg",   "spool/bulk/pct",  "spool/bulk/bad",
    "spool/bounce",     "spool/digest",    "spool/topic",
    "spool/missed",     "spool/tmp"};
constexpr std::size_t kMaxAnchorFile = 16U << 20;

// Design §2: the owner of the site directory is the service user: --user, else, as root, `paraph`
// if it exists, else $SUDO_USER; anybody else owns what he makes.
Result<void> give_to_service_user(const std::string& directory, const std::string& option) {
  std::string login = option;
  if (login.empty() && sys::current_uid() == 0) {
    if (getpwnam("paraph") != nullptr)
      login = "paraph";
    else if (const char* sudo_user = std::getenv("SUDO_USER"); sudo_user != nullptr)
      login = sudo_user;
  }
  if (login.empty()) return {};
  const passwd* user = getpwnam(login.c_str());
  if (user == nullptr) return Error::never(Errc::not_found, "no such user: " + login);
  if (user->pw_uid == sys::current_uid()) return {};
  if (chown(directory.c_str(), user->pw_uid, user->pw_gid) != 0)
    return Error::never(Errc::denied, fmt::format("{}: cannot give it to {}", directory, login))
        .with_hint("run as root");
  return {};
}

std::string configuration(const Invocation& call, const std::string& directory) {
  const std::string domain = ascii::to_lower(call.option("domain"));
  std::string text = "# Paraph: one `name value` a line; paraph.conf(5) has them all.\n";
  text += "domain " + domain + "\n";
  text += "listmaster " +
          (call.has("listmaster") ? call.option("listmaster") : "listmaster@" + domain) + "\n";
  text += "transport " +
          (call.has("transport") ? call.option("transport") : "maildir:" + directory + "/maildir") +
          "\n";
  text += "cafile ca.pem\n";
  return text;
}

Result<std::vector<cms::Certificate>> read_anchors(const std::string& path) {
  auto text = sys::read_file(path, kMaxAnchorFile);
  if (!text) return std::move(text).error();
  auto certificates = cms::Certificate::from_any(*text);
  if (!certificates) return std::move(certificates).error().in(path);
  return certificates;
}

std::string as_pem(const std::vector<cms::Certificate>& certificates) {
  std::string pem;
  for (const auto& certificate : certificates)
    pem += fmt::format("# {}\n{}", utf8::printable(certificate.subject()), certificate.pem());
  return pem;
}

}  // namespace

Result<int> site_create(Invocation& call) {
  const std::string directory = sys::absolute(call.arguments[0]);
  const auto postmaster = mail::AddrSpec::parse("postmaster@" + call.option("domain"));
  if (!postmaster || postmaster->domain().find('.') == std::string::npos)
    return Error::never(Errc::usage, "--domain: a mail domain is needed, such as lists.example.org")
        .with_hint("paraph site create " + call.arguments[0] + " --domain lists.example.org");
  if (call.has("listmaster") && !mail::AddrSpec::parse(call.option("listmaster")))
    return Error::never(Errc::usage, "--listmaster: not an address: " + call.option("listmaster"));
  std::string anchors;
  if (call.has("cafile")) {
    auto read = read_anchors(call.option("cafile"));
    if (!read) return std::move(read).error();
    anchors = as_pem(*read);
  }
  if (sys::ownership(directory + "/paraph.conf"))
    return Error::never(Errc::exists, directory + "/paraph.conf is there already: this is a site");
  if (call.dry_run) {
    call.print({{"directory", directory}, {"dry_run", true}}, "would create " + directory + "\n");
    return kOk;
  }
  if (auto there = sys::open_root(directory); there) {
    auto entries = (*there)->list(".");
    if (!entries) return std::move(entries).error();
    if (!entries->empty())
      return Error::never(Errc::exists,
                          directory + " is there and not empty; name a new directory");
  }
  auto parent = sys::open_root(sys::directory_of(directory));
  if (!parent) return std::move(parent).error();
  if (auto made = (*parent)->make_directory(directory.substr(directory.rfind('/') + 1)); !made)
    return std::move(made).error();
  if (auto given = give_to_service_user(directory, call.option("user")); !given)
    return std::move(given).error();
  if (auto became = sys::become_owner_of(directory); !became) return std::move(became).error();

  auto root = sys::open_root(directory);
  if (!root) return std::move(root).error();
  for (const auto name : kSiteDirectories)
    if (auto made = (*root)->make_directory(name); !made) return std::move(made).error();
  const std::string secret = base64_encode(cms::random().octets(32)) + "\n";
  for (const auto& [name, text] : {std::pair<std::string, std::string>{"ca.pem", anchors},
                                   {"site.secret", secret},
                                   {"paraph.conf", configuration(call, directory)}})
    if (auto written = (*root)->replace(name, text); !written) return std::move(written).error();
  auto database = store::Database::open(directory + "/paraph.sqlite");
  if (!database) return std::move(database).error();

  call.print({{"directory", directory}, {"config", directory + "/paraph.conf"}},
             fmt::format("created {0}\nconfiguration: {0}/paraph.conf\n", directory));
  if (anchors.empty())
    Invocation::say("No CA is trusted yet, so no signature counts: paraph ca add FILE");
  if (!call.has("listmaster"))
    Invocation::warn("the listmaster is listmaster@" + ascii::to_lower(call.option("domain")) +
                     ": name a person's address in paraph.conf, or nobody hears of trouble");
  if (!call.has("transport"))
    Invocation::say("Mail is delivered to " + directory +
                    "/maildir until `transport` says otherwise.");
  Invocation::hint(fmt::format(
      "PARAPH_CONFIG={}/paraph.conf paraph list create NAME --owner ADDRESS", directory));
  return kOk;
}

Result<int> ca_add(Invocation& call) {
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  const std::string file = (*runtime)->site().path_of("cafile");
  if (file.empty())
    return Error::never(Errc::config, "no cafile is configured")
        .with_hint("add a line `cafile ca.pem` to " + call.config());
  auto trusted = pipeline::load_anchors((*runtime)->site());
  if (!trusted) return std::move(trusted).error();
  std::vector<cms::Certificate> fresh;
  Json added = Json::array();
  std::string text;
  for (const auto& argument : call.arguments) {
    auto read = read_anchors(argument);
    if (!read) return std::move(read).error();
    for (const auto& certificate : *read) {
      const auto same = [&](const cms::Certificate& other) { return other == certificate; };
      const auto& known = trusted->certificates();
      if (std::any_of(known.begin(), known.end(), same) ||
          std::any_of(fresh.begin(), fresh.end(), same))
        continue;
      if (!certificate.is_ca())
        Invocation::warn(certificate.subject() + " is no CA: it will vouch for itself alone");
      fresh.push_back(certificate);
      added.push_back(describe(certificate));
      text += fmt::format("trusted: {} (SHA-256 {})\n", utf8::printable(certificate.subject()),
                          certificate.sha256());
    }
  }
  if (!fresh.empty() && !call.dry_run) {
    auto root = sys::open_root(sys::directory_of(file));
    if (!root) return std::move(root).error();
    const std::string name = file.substr(file.rfind('/') + 1);
    auto before = (*root)->read(name, kMaxAnchorFile);
    if (!before && before.error().code() != Errc::not_found) return std::move(before).error();
    if (auto written = (*root)->replace(name, (before ? *before : std::string{}) + as_pem(fresh));
        !written)
      return std::move(written).error();
  }
  call.print({{"added", added}}, text.empty() ? "nothing new\n" : text);
  return kOk;
}

Result<int> ca_list(Invocation& call) {
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  auto trusted = pipeline::load_anchors((*runtime)->site());
  if (!trusted) return std::move(trusted).error();
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const auto& certificate : trusted->certificates()) {
    json.push_back(describe(certificate));
    rows.push_back({certificate.subject(), certificate.key_description(),
                    "until " + iso8601(certificate.not_after()),
                    certificate.sha256().substr(0, 16)});
  }
  call.print(json, rows.empty() ? "no CA is trusted: no signature counts\n" : table(rows));
  if (rows.empty() && !call.json) Invocation::hint("paraph ca add FILE");
  return kOk;
}

Result<int> config_show(Invocation& call) {
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  const auto& site = (*runtime)->site();
  std::optional<config::ListConfig> list_config;
  std::string wanted = call.arguments.empty() ? std::string{} : call.arguments[0];
  const auto& parameters = config::parameter_table();
  const auto is_parameter = [&](const config::Parameter& row) { return row.name == wanted; };
  if (!wanted.empty() && std::none_of(parameters.begin(), parameters.end(), is_parameter)) {
    auto list = call.list();
    if (!list)
      return Error::never(Errc::not_found, wanted + ": neither a parameter nor a list")
          .with_hint("paraph config show");
    auto loaded = config::ListConfig::load(site, *list);
    if (!loaded) return std::move(loaded).error();
    for (const auto& warning : loaded->warnings())
      Invocation::warn(fmt::format("{}:{}: {}", warning.file, warning.line, warning.message));
    list_config = std::move(*loaded);
    wanted.clear();
  }
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows;
  const unsigned scope = list_config ? static_cast<unsigned>(config::Scope::list)
                                     : static_cast<unsigned>(config::Scope::site);
  for (const auto& row : parameters) {
    if (!wanted.empty() ? row.name != wanted : (row.scopes & scope) == 0) continue;
    const auto setting = list_config ? list_config->setting(row.name) : site.setting(row.name);
    if (call.has("n") && setting.file.empty()) continue;
    const std::string where =
        setting.file.empty() ? "default" : fmt::format("{}:{}", setting.file, setting.line);
    json.push_back({{"name", row.name},
                    {"value", setting.value},
                    {"file", setting.file},
                    {"line", setting.line},
                    {"help", row.help}});
    rows.push_back({std::string(row.name), setting.value.empty() ? "-" : setting.value, where});
  }
  call.print(json, table(rows));
  return kOk;
}

}  // namespace paraph::app
