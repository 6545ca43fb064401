#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "scenario/scenario.h"

namespace paraph::scenario {

/// Facts out of maps. Roles are kept as "list address".
struct FakeFacts final : Facts {
  std::set<std::string> subscribers, owners, editors, listmasters;
  std::map<std::string, std::vector<std::string>> variables;
  std::map<std::string, std::set<std::string>> files;
  bool broken = false;  ///< the database is down
  TimePoint at{std::chrono::seconds(1'700'000'000)};

  static std::string pair(std::string_view list, std::string_view address) {
    return std::string(list) + " " + std::string(address);
  }
  Result<bool> is_subscriber(std::string_view list, std::string_view address) const override {
    if (broken) return Error::later(Errc::io, "database is locked");
    return subscribers.count(pair(list, address)) > 0;
  }
  Result<bool> is_owner(std::string_view list, std::string_view address) const override {
    return owners.count(pair(list, address)) > 0;
  }
  Result<bool> is_editor(std::string_view list, std::string_view address) const override {
    return editors.count(pair(list, address)) > 0;
  }
  Result<bool> is_listmaster(std::string_view address) const override {
    return listmasters.count(std::string(address)) > 0;
  }
  Result<bool> has_list(std::string_view list) const override { return list != "absent"; }
  Result<std::vector<std::string>> variable(const Variable& variable) const override {
    const std::string key =
        variable.key.empty() ? variable.name : variable.name + "->" + variable.key;
    const auto found = variables.find(key);
    if (variable.name == "list" && found == variables.end())
      return Error::never(Errc::config, "unknown list parameter " + variable.key);
    if (found == variables.end() && variable.name == "msg_part" && !variable.index)
      return std::vector<std::string>{};  // a message without parts
    if (found == variables.end()) return std::vector<std::string>{""};
    if (!variable.index) return found->second;
    const int n = static_cast<int>(found->second.size());
    const int i = *variable.index < 0 ? n + *variable.index : *variable.index;
    if (i < 0 || i >= n) return std::vector<std::string>{""};
    return std::vector<std::string>{found->second[static_cast<std::size_t>(i)]};
  }
  Result<bool> search(std::string_view file, std::string_view address) const override {
    const auto found = files.find(std::string(file));
    if (found != files.end()) return found->second.count(std::string(address)) > 0;
    if (file == "blocklist.txt") return false;
    return Error::never(Errc::not_found, "no search_filters/" + std::string(file));
  }
  TimePoint now() const override { return at; }
};

inline FakeFacts sample_facts() {
  FakeFacts facts;
  facts.subscribers = {"secure ann@example.org"};
  facts.owners = {"secure olga@example.org"};
  facts.editors = {"secure ed@example.org"};
  facts.listmasters = {"root@example.org"};
  facts.variables = {{"sender", {"ann@example.org"}},
                     {"email", {"bob@example.org"}},
                     {"listname", {"secure"}},
                     {"domain", {"lists.example.org"}},
                     {"host", {"lists.example.org"}},
                     {"list->total", {"42"}},
                     {"msg_header->Subject", {"Hello world"}},
                     {"msg_header->X-Tag", {"first", "second", "third"}},
                     {"msg_header->To", {"Secure <secure@lists.example.org>, ann@example.org"}},
                     {"subscriber->date", {"1600000000"}},
                     {"msg_encrypted", {"smime"}}};
  facts.files = {{"friends.txt", {"ann@example.org"}}};
  return facts;
}

inline const Scenario::Includer no_includes = [](std::string_view) { return std::nullopt; };

inline Result<Scenario> compile(std::string_view text,
                                const Scenario::Includer& include = no_includes) {
  return Scenario::compile("send", {std::string(text), "send.test"}, include);
}

}  // namespace paraph::scenario
