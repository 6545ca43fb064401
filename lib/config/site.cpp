#include "config/site.h"

#include <fmt/core.h>

#include <array>
#include <cassert>
#include <cstdlib>
#include <filesystem>

#include "base/ascii.h"
#include "config/names.h"
#include "config/site_grammar.h"
#include "mail/address.h"

namespace paraph::config {
namespace {

constexpr const char* kInstalled = "/usr/share/paraph";

const Parameter& row_of(std::string_view name) {
  const Parameter* row = find_parameter(name);
  assert(row != nullptr && "a parameter that the table does not have");
  return *row;
}

// Where stock files are: told, installed beside the program, or in the source tree that it was
// built from. What belongs to somebody else than the program is passed over: he could put it there
// later.
std::string find_stock_directory() {
  const std::string self = "/proc/self/exe";
  std::error_code failed;
  const auto program = sys::ownership(self);
  const auto path = std::filesystem::read_symlink(self, failed);
  if (!program || failed) return kInstalled;
  const std::string beside = (path.parent_path().parent_path() / "share/paraph").string();
  for (const std::string& directory : {beside, std::string(PARAPH_SOURCE_DIR)}) {
    const auto scenarios = sys::ownership(directory + "/scenarios");
    if (scenarios && scenarios->uid == program->uid) return directory;
  }
  return kInstalled;
}

std::string stock_directory() {
  if (const char* told = std::getenv("PARAPH_DEFAULT_DIR"); told != nullptr && *told != '\0')
    return told;
  static const std::string found = find_stock_directory();  // a program does not move
  return found;
}

struct SpoolParameter {
  std::string_view spool;
  std::string_view parameter;
};
constexpr std::array<SpoolParameter, 12> spools = {{{"msg", "queue"},
                                                    {"missed", "queuemissed"},
                                                    {"auth", "queueauth"},
                                                    {"moderation", "queuemod"},
                                                    {"bulk", "queuebulk"},
                                                    {"bounce", "queuebounce"},
                                                    {"digest", "queuedigest"},
                                                    {"topic", "queuetopic"},
                                                    {"task", "queuetask"},
                                                    {"automatic", "queueautomatic"},
                                                    {"outgoing", "queueoutgoing"},
                                                    {"tmp", "tmpdir"}}};

}  // namespace

const std::vector<Setting>* Site::written(std::string_view name, std::string_view domain) const {
  if (const auto robot = domains_.find(domain); robot != domains_.end()) {
    if (const auto found = robot->second.find(name); found != robot->second.end())
      return &found->second;
  }
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : &found->second;
}

std::string Site::fallback(const Parameter& row) const {
  if (row.name == "default_dir") return stock_directory();
  // Sympa keeps certificates beside its lists.
  const bool taken_over = values_.find("sympa_conf") != values_.end() && row.name == "ssl_cert_dir";
  std::string text(taken_over ? "$home/X509-user-certs" : row.fallback);
  const std::size_t start = text.find('$');
  if (start == std::string::npos) return text;
  const std::size_t end = std::min(text.find('/', start), text.size());
  const Parameter* other =
      find_parameter(std::string_view(text).substr(start + 1, end - start - 1));
  if (other == nullptr) return text;
  return text.replace(start, end - start,
                      other->type == "path" ? path_of(other->name) : get(other->name));
}

Setting Site::setting(std::string_view name, std::string_view domain) const {
  const Parameter& row = row_of(name);
  const auto* lines = written(name, domain);
  return shown(row, lines != nullptr ? joined(*lines) : Setting{fallback(row), {}, 0});
}

Setting Site::setting(std::string_view name) const {
  return setting(name, {});
}

std::string Site::get(std::string_view name, std::string_view domain) const {
  const Parameter& row = row_of(name);
  const auto* lines = written(name, domain);
  return lines != nullptr ? joined(*lines).value : fallback(row);
}

std::string Site::get(std::string_view name) const {
  return get(name, {});
}

std::vector<std::string> Site::get_list(std::string_view name) const {
  const Parameter& row = row_of(name);
  const auto* lines = written(name, {});
  if (lines == nullptr) return value_pieces(row, fallback(row));
  std::vector<std::string> out;
  for (const Setting& setting : *lines) {
    for (std::string& piece : value_pieces(row, setting.value)) out.push_back(std::move(piece));
  }
  return out;
}

long long Site::number(std::string_view name) const {
  return to_number(get(name));
}

std::string Site::path_of(std::string_view name) const {
  const Parameter& row = row_of(name);
  if (const auto* lines = written(name, {}))
    return path_written_in(lines->back().file, lines->back().value);
  const std::string path = fallback(row);
  return path.empty() ? path : sys::join(directory_, path);
}

std::vector<std::string> Site::domains() const {
  std::vector<std::string> out = {domain()};
  for (const auto& [name, values] : domains_) {
    if (name != out.front()) out.push_back(name);
  }
  return out;
}

std::vector<std::string> Site::listmasters() const {
  std::vector<std::string> out;
  for (const std::string& text : get_list("listmaster")) {
    if (const auto address = mail::AddrSpec::parse(text)) out.push_back(address->canonical());
  }
  return out;
}

list::AddressRules Site::address_rules(std::string_view domain) const {
  list::AddressRules rules;
  rules.main_domain = get("domain");
  rules.email = get("email", domain);
  rules.listmaster_email = get("listmaster_email", domain);
  rules.return_path_suffix = get("return_path_suffix");
  rules.list_check_suffixes =
      value_pieces(row_of("list_check_suffixes"), get("list_check_suffixes", domain));
  return rules;
}

list::AddressRules Site::address_rules() const {
  return address_rules({});
}

std::string Site::command_address(std::string_view domain) const {
  return fmt::format("{}@{}", get("email", domain), domain);
}

std::string Site::listmaster_address(std::string_view domain) const {
  return fmt::format("{}@{}", get("listmaster_email", domain), domain);
}

std::string Site::spool_directory(std::string_view spool) const {
  for (const SpoolParameter& row : spools) {
    if (row.spool == spool) return path_of(row.parameter);
  }
  return path_of("spool") + "/" + std::string(spool);
}

}  // namespace paraph::config
