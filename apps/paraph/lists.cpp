// list create, list show, lists, and the people: member, owner, editor.

#include <fmt/core.h>

#include <array>
#include <fstream>

#include "apps/paraph/verb.h"
#include "base/ascii.h"
#include "mail/address.h"
#include "pipeline/key_ring.h"
#include "sys/file_system.h"

namespace paraph::app {
namespace {

constexpr std::size_t kPage = 1000;

/// What a type of list writes into its config. Scenario names are Sympa's. Of those that change who is a member, only
/// such as confirm what nothing but a From field vouches for.
struct TypeRow {
  std::string_view name;
  std::string_view parameters;
};
constexpr std::array kTypes{
    TypeRow{"sealed",
            "send private_smime\n\nsubscribe owner\n\nunsubscribe auth\n\nadd auth\n\ndel auth\n\n"
            "invite owner\n\nreview owner\n\nvisibility conceal\n"},
    TypeRow{"private",
            "send private\n\nsubscribe owner\n\nunsubscribe auth\n\nadd auth\n\ndel auth\n\n"
            "invite private\n\nreview private\n\nvisibility conceal\n"},
    TypeRow{"open",
            "send public\n\nsubscribe auth\n\nunsubscribe auth\n\nadd auth\n\ndel auth\n\n"
            "invite private\n\nreview owner\n\nvisibility noconceal\n"},
};

Json to_json(const list::Subscriber& member) {
  return {{"email", member.email},
          {"gecos", member.gecos},
          {"reception", list::to_string(member.reception)},
          {"visibility", member.conceal ? "conceal" : "noconceal"},
          {"suspended", member.suspended},
          {"since", iso8601(member.since)}};
}

Json to_json(const list::Admin& admin) {
  return {{"email", admin.email},
          {"gecos", admin.gecos},
          {"profile", admin.privileged ? "privileged" : "normal"},
          {"reception", admin.receives ? "mail" : "nomail"}};
}

// Prints what happened address by address; bad input is exit 65, a refusal 77, after the good ones were served.
int conclude(Invocation& call, const std::string& verb, const std::vector<std::string>& done,
             const std::vector<std::string>& unchanged, const AddressInput& input) {
  for (const auto& line : input.bad) Invocation::warn(line);
  for (const auto& line : input.refused) Invocation::warn("refused " + line);
  std::string text;
  for (const auto& address : done)
    text += fmt::format("{} {}\n", call.dry_run ? "would have " + verb : verb, address);
  for (const auto& address : unchanged) text += fmt::format("unchanged {}\n", address);
  call.print(
      {{verb, done}, {"unchanged", unchanged}, {"bad", input.bad}, {"refused", input.refused}},
      text);
  if (!input.refused.empty()) return kNoPermission;
  return input.bad.empty() ? kOk : kDataError;
}

Result<int> add_members(Invocation& call, AddressInput input) {
  auto list = call.list();
  if (!list) return std::move(list).error();
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  const auto mode = list::reception_from(call.option("reception"));
  if (!mode)
    return Error::never(Errc::usage, "--reception: no such mode: " + call.option("reception"));
  if (auto admitted = call.admit(input); !admitted) return std::move(admitted).error();
  auto& directory = (*runtime)->database().directory();
  std::vector<std::string> done;
  std::vector<std::string> unchanged;
  const TimePoint now = sys::SystemClock().now();
  const auto add = [&](const NamedAddress& named) -> Result<bool> {
    if (!call.dry_run)
      return directory.add_member(*list, {.email = named.address,
                                          .gecos = named.name,
                                          .reception = *mode,
                                          .conceal = false,
                                          .suspended = false,
                                          .since = now});
    const auto known = directory.member(*list, named.address);
    return known ? Result<bool>(!known->has_value()) : Result<bool>(known.error());
  };
  const auto add_all = [&]() -> Result<void> {
    for (const auto& named : input.good) {
      // Rule 42: an address of ours as a member makes a loop.
      if (pipeline::is_own_address((*runtime)->site(), *mail::AddrSpec::parse(named.address))) {
        input.bad.push_back(named.address + ": an address of this site cannot be a member");
        continue;
      }
      const auto added = add(named);
      if (!added) return added.error();
      (*added ? done : unchanged).push_back(named.address);
    }
    return {};
  };
  // One transaction, one fsync: thousands at once, and all of them or, when the database fails, nobody.
  auto added = call.dry_run ? add_all() : (*runtime)->database().together(add_all);
  if (!added) return std::move(added).error();
  return conclude(call, "added", done, unchanged, input);
}

Result<int> add_admins(Invocation& call, list::Role role) {
  auto list = call.list();
  if (!list) return std::move(list).error();
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  auto input = read_addresses(call, 1);
  if (!input) return std::move(input).error();
  std::vector<std::string> done;
  std::vector<std::string> unchanged;
  for (const auto& named : input->good) {
    if (pipeline::is_own_address((*runtime)->site(), *mail::AddrSpec::parse(named.address))) {
      input->bad.push_back(named.address + ": an address of this site cannot hold a role");
      continue;
    }
    if (call.dry_run) {
      done.push_back(named.address);
      continue;
    }
    auto added =
        (*runtime)->database().directory().add_admin(*list, {.role = role,
                                                             .email = named.address,
                                                             .gecos = call.option("name"),
                                                             .privileged = false,
                                                             .receives = !call.has("nomail")});
    if (!added) return std::move(added).error();
    (*added ? done : unchanged).push_back(named.address);
  }
  return conclude(call, "added", done, unchanged, *input);
}

// A list without editors has its owners in their place; one without owners has nobody.
Result<void> leave_an_owner(const std::vector<list::Admin>& owners, const AddressInput& input,
                            const list::ListAddress& list) {
  const auto leaves = [&](const list::Admin& owner) {
    return std::any_of(input.good.begin(), input.good.end(),
                       [&](const auto& named) { return named.address == owner.email; });
  };
  if (owners.empty() || !std::all_of(owners.begin(), owners.end(), leaves)) return {};
  return Error::never(Errc::usage, list.str() + " would have no owner; nothing was changed")
      .with_hint(fmt::format("paraph owner add {} ADDRESS, first", list.name()));
}

Result<int> remove_admins(Invocation& call, list::Role role) {
  auto list = call.list();
  if (!list) return std::move(list).error();
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  auto input = read_addresses(call, 1);
  if (!input) return std::move(input).error();
  auto& database = (*runtime)->database();
  std::vector<std::string> done;
  std::vector<std::string> unchanged;
  const auto remove_all = [&]() -> Result<void> {
    const auto admins = database.directory().admins(*list, role);
    if (!admins) return admins.error();
    if (role == list::Role::owner)
      if (auto left = leave_an_owner(*admins, *input, *list); !left) return left;
    for (const auto& named : input->good) {
      const auto holds = [&](const auto& admin) { return admin.email == named.address; };
      const bool known = std::any_of(admins->begin(), admins->end(), holds);
      if (known && !call.dry_run)
        if (auto gone = database.directory().remove_admin(*list, role, named.address); !gone)
          return gone.error();
      (known ? done : unchanged).push_back(named.address);
    }
    return {};
  };
  auto removed = call.dry_run ? remove_all() : database.together(remove_all);
  if (!removed) return std::move(removed).error();
  return conclude(call, "removed", done, unchanged, *input);
}

Result<int> list_admins(Invocation& call, list::Role role) {
  auto list = call.list();
  if (!list) return std::move(list).error();
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  auto admins = (*runtime)->database().directory().admins(*list, role);
  if (!admins) return std::move(admins).error();
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const auto& admin : *admins) {
    json.push_back(to_json(admin));
    rows.push_back({admin.email, admin.gecos, admin.receives ? "" : "nomail"});
  }
  call.print(json, table(rows));
  return kOk;
}

}  // namespace

Result<int> list_create(Invocation& call) {
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  const auto& site = (*runtime)->site();
  const std::string& argument = call.arguments[0];
  const auto at = argument.find('@');
  const auto list = list::ListAddress::parse(
      argument.substr(0, at), at == std::string::npos ? site.domain() : argument.substr(at + 1));
  if (!list)
    return Error::never(
        Errc::usage, argument +
                         ": not a list name: lower-case letters, digits, - . + _, at most 50, and "
                         "not ending in -request, -owner, -editor, -subscribe, -unsubscribe");
  const auto domains = site.domains();
  if (std::find(domains.begin(), domains.end(), list->domain()) == domains.end())
    return Error::never(Errc::config, list->domain() + " is no domain of this site");
  if (list->name() == "sympa" || list->name() == site.get("email") ||
      list->name() == site.get("listmaster_email"))
    return Error::never(Errc::config, list->name() + "@ is an address of the site itself");
  const auto owner = mail::AddrSpec::parse(call.option("owner"));
  if (!owner)
    return Error::never(Errc::usage, "--owner: an address is needed: who answers for the list?")
        .with_hint("paraph list create " + argument + " --owner ADDRESS");
  // Rule 42, and what is written to the owners must reach somebody.
  if (owner->canonical() == list->str() || pipeline::is_own_address(site, *owner))
    return Error::never(Errc::usage,
                        owner->canonical() + ": an address of this site cannot hold a role")
        .with_hint("paraph list create " + argument + " --owner SOMEBODY'S-OWN-ADDRESS");
  const std::string type_name = call.has("type") ? call.option("type") : "sealed";
  const auto* const type = std::find_if(kTypes.begin(), kTypes.end(),
                                        [&](const TypeRow& row) { return row.name == type_name; });
  if (type == kTypes.end())
    return Error::never(Errc::usage, "--type: open, private or sealed, not " + type_name);
  const std::string subject = call.has("subject") ? call.option("subject") : list->name();
  if (std::any_of(subject.begin(), subject.end(), ascii::is_control))
    return Error::never(Errc::usage, "--subject: one line, without control characters");
  if (site.resolve_list(list->str()))
    return Error::never(Errc::exists, list->str() + " is there already");
  if (call.dry_run) {
    call.print({{"list", list->str()}, {"dry_run", true}}, "would create " + list->str() + "\n");
    return kOk;
  }

  // Rule 14: new lists of every type want encrypted posts signed inside.
  const std::string config = fmt::format(
      "subject {}\n\nstatus open\n\n{}\nencrypted_post_policy signed_inside\n\ncreation\nemail "
      "{}\ndate_epoch {}\n",
      subject, type->parameters, owner->canonical(), epoch(sys::SystemClock().now()));
  const std::string directory = site.list_directory(*list);
  auto home = sys::open_root(site.path_of("home"));
  if (!home) return std::move(home).error();
  const std::string below = directory.substr(site.path_of("home").size() + 1);
  for (const auto* folder : {"/scenari", "/mail_tt2"})
    if (auto made = (*home)->make_directory(below + folder); !made) return std::move(made).error();
  // The owner first: a list appears with its config file, complete.
  auto added = (*runtime)->database().directory().add_admin(*list, {.role = list::Role::owner,
                                                                    .email = owner->canonical(),
                                                                    .gecos = {},
                                                                    .privileged = true,
                                                                    .receives = true});
  if (!added) return std::move(added).error();
  if (auto written = (*home)->replace(below + "/config", config); !written)
    return std::move(written).error();

  call.print(
      {{"list", list->str()},
       {"type", type_name},
       {"directory", directory},
       {"owner", owner->canonical()}},
      fmt::format("created {} ({}), owner {}\n", list->str(), type_name, owner->canonical()));
  Invocation::hint("paraph key generate " + list->str());
  return kOk;
}

Result<int> list_show(Invocation& call) {
  auto list = call.list();
  if (!list) return std::move(list).error();
  auto opened = call.runtime();
  if (!opened) return std::move(opened).error();
  auto& runtime = **opened;
  auto config = config::ListConfig::load(runtime.site(), *list);
  if (!config) return std::move(config).error();
  auto& directory = runtime.database().directory();
  auto members = directory.count(*list);
  if (!members) return std::move(members).error();
  auto owners = directory.admins(*list, list::Role::owner);
  if (!owners) return std::move(owners).error();
  auto editors = directory.admins(*list, list::Role::editor);
  if (!editors) return std::move(editors).error();
  auto ring = pipeline::load_key_ring(config->directory(), runtime.site());
  if (!ring) return std::move(ring).error();
  const auto* published =
      pipeline::published(*ring, sys::SystemClock().now(), pipeline::policy_of(runtime.site()));

  Json json{{"list", list->str()},
            {"subject", config->get("subject")},
            {"status", config->get("status")},
            {"send", config->scenario("send")},
            {"encrypted_post_policy", config->get("encrypted_post_policy")},
            {"directory", config->directory()},
            {"members", *members}};
  json["owners"] = Json::array();
  json["editors"] = Json::array();
  std::string owner_text;
  std::string editor_text;
  for (const auto& owner : *owners)
    json["owners"].push_back(owner.email), owner_text += owner.email + " ";
  for (const auto& editor : *editors)
    json["editors"].push_back(editor.email), editor_text += editor.email + " ";
  json["key"] = published != nullptr ? Json(published->certificate.sha256()) : Json(nullptr);
  const std::string key =
      !ring->problems.empty() ? "UNUSABLE: " + ring->problems.front()
      : published != nullptr ? fmt::format("{}, until {}", published->certificate.key_description(),
                                           iso8601(published->certificate.not_after()))
                             : "none: encrypted posts go on unopened";
  call.print(json, table({{"list", list->str()},
                          {"subject", config->get("subject")},
                          {"status", config->get("status")},
                          {"send", config->scenario("send")},
                          {"encrypted", config->get("encrypted_post_policy")},
                          {"members", std::to_string(*members)},
                          {"owners", owner_text},
                          {"editors", editor_text.empty() ? "(the owners)" : editor_text},
                          {"key", key},
                          {"directory", config->directory()}}));
  return kOk;
}

Result<int> lists(Invocation& call) {
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  auto all = (*runtime)->site().lists();
  if (!all) return std::move(all).error();
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const auto& list : *all) {
    auto config = config::ListConfig::load((*runtime)->site(), list);
    if (!config) {
      Invocation::warn(list.str() + ": " + config.error().what());
      continue;
    }
    auto count = (*runtime)->database().directory().count(list);
    if (!count) return std::move(count).error();
    json.push_back({{"list", list.str()},
                    {"status", config->get("status")},
                    {"send", config->scenario("send")},
                    {"members", *count},
                    {"subject", config->get("subject")}});
    rows.push_back({list.str(), config->get("status"), config->scenario("send"),
                    fmt::format("{} members", *count), config->get("subject")});
  }
  call.print(json, table(rows));
  if (rows.empty() && !call.json) Invocation::hint("paraph list create NAME --owner ADDRESS");
  return kOk;
}

Result<int> member_add(Invocation& call) {
  auto input = read_addresses(call, 1);
  if (!input) return std::move(input).error();
  return add_members(call, std::move(*input));
}

Result<int> member_import(Invocation& call) {
  auto text = sys::read_file(call.arguments.size() > 1 ? call.arguments[1] : "-", 256U << 20);
  if (!text) return std::move(text).error();
  return add_members(call, parse_addresses(*text));
}

Result<int> member_del(Invocation& call) {
  auto list = call.list();
  if (!list) return std::move(list).error();
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  auto input = read_addresses(call, 1);
  if (!input) return std::move(input).error();
  if (auto admitted = call.admit(*input); !admitted) return std::move(admitted).error();
  auto& directory = (*runtime)->database().directory();
  std::vector<std::string> done;
  std::vector<std::string> unchanged;
  const auto remove = [&](const std::string& address) -> Result<bool> {
    if (!call.dry_run) return directory.remove_member(*list, address);
    const auto known = directory.member(*list, address);
    return known ? Result<bool>(known->has_value()) : Result<bool>(known.error());
  };
  const auto remove_all = [&]() -> Result<void> {
    for (const auto& named : input->good) {
      const auto removed = remove(named.address);
      if (!removed) return removed.error();
      (*removed ? done : unchanged).push_back(named.address);
    }
    return {};
  };
  auto removed = call.dry_run ? remove_all() : (*runtime)->database().together(remove_all);
  if (!removed) return std::move(removed).error();
  return conclude(call, "removed", done, unchanged, *input);
}

Result<int> member_list(Invocation& call) {
  auto list = call.list();
  if (!list) return std::move(list).error();
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  auto& directory = (*runtime)->database().directory();
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows;
  std::string after;
  for (;;) {
    auto page = directory.members(*list, after, kPage);
    if (!page) return std::move(page).error();
    if (page->empty()) break;
    after = page->back().email;
    for (const auto& member : *page) {
      if (call.json)
        json.push_back(to_json(member));
      else
        rows.push_back({member.email, std::string(list::to_string(member.reception)), member.gecos,
                        member.suspended ? "suspended" : ""});
    }
  }
  call.print(json, table(rows));
  return kOk;
}

Result<int> owner_add(Invocation& call) {
  return add_admins(call, list::Role::owner);
}
Result<int> editor_add(Invocation& call) {
  return add_admins(call, list::Role::editor);
}
Result<int> owner_del(Invocation& call) {
  return remove_admins(call, list::Role::owner);
}
Result<int> editor_del(Invocation& call) {
  return remove_admins(call, list::Role::editor);
}
Result<int> owner_list(Invocation& call) {
  return list_admins(call, list::Role::owner);
}
Result<int> editor_list(Invocation& call) {
  return list_admins(call, list::Role::editor);
}

}  // namespace paraph::app
