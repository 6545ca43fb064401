// key show, key list: which keys there are and what each is for.

#include <fmt/format.h>

#include "apps/paraph/key_home.h"
#include "pipeline/key_ring.h"
#include "sys/file_system.h"

namespace paraph::app {
namespace {

/// One home with its ring and what was chosen from it.
struct Seen {
  pipeline::KeyRing ring;
  pipeline::SigningKey signing;  ///< for the first address
  const pipeline::KeyGeneration* published = nullptr;
  std::vector<KeyFiles> waiting;
  std::size_t retired = 0;
};

Result<void> look(const KeyHome& home, const config::Site& site, TimePoint now, Seen& seen) {
  auto ring = pipeline::load_key_ring(home.directory, site);
  if (!ring) return std::move(ring).error();
  seen.ring = std::move(*ring);
  const auto policy = pipeline::policy_of(site);
  seen.signing = pipeline::signing_key(seen.ring, home.addresses.front(), now, policy);
  seen.published = pipeline::published(seen.ring, now, policy);
  auto root = sys::open_root(home.directory);
  if (!root) return root.error().code() == Errc::not_found ? Result<void>() : root.error();
  auto files = key_files(**root);
  if (!files) return std::move(files).error();
  seen.waiting = waiting_keys(*files);
  if (auto retired = pipeline::key_pairs_in(sys::join(home.directory, pipeline::kRetired)))
    seen.retired = retired->size();
  return {};
}

std::string until(const pipeline::KeyGeneration* one, TimePoint now) {
  if (one == nullptr) return "-";
  return (one->certificate.not_after() < now ? "expired " : "until ") +
         iso8601(one->certificate.not_after()).substr(0, 10);
}

std::string role_of(const pipeline::KeyGeneration& one, const Seen& seen) {
  std::vector<std::string> roles;
  if (&one == seen.published) roles.emplace_back("members encrypt to it");
  if (&one == seen.signing.generation) roles.emplace_back("signs");
  if (roles.empty()) roles.emplace_back("opens older mail");
  return fmt::format("{}", fmt::join(roles, ", "));
}

}  // namespace

Result<int> key_show(Invocation& call) {
  auto home = key_home(call);
  if (!home) return std::move(home).error();
  const TimePoint now = sys::SystemClock().now();
  Seen seen;
  if (auto looked = look(*home, **call.site(), now, seen); !looked)
    return std::move(looked).error();
  Json json{{"for", home->name},
            {"directory", home->directory},
            {"pairs", Json::array()},
            {"waiting", Json::array()},
            {"retired", seen.retired},
            {"cannot_sign", seen.signing.refusal},
            {"problems", seen.ring.problems}};
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : seen.ring.generations) {
    Json described = describe(one.certificate);
    described["file"] = one.file;
    described["suffix"] = one.suffix;
    described["usable"] = one.key.has_value();
    described["signs"] = &one == seen.signing.generation;
    described["published"] = &one == seen.published;
    json["pairs"].push_back(described);
    rows.push_back({one.key ? "usable" : "UNUSABLE", "cert.pem" + one.suffix,
                    one.certificate.subject(), one.certificate.key_description(), until(&one, now),
                    "SHA-256 " + one.certificate.sha256().substr(0, 16), role_of(one, seen)});
  }
  for (const auto& waiting : seen.waiting) {
    json["waiting"].push_back("private_key" + waiting.suffix);
    rows.push_back({"WAITS", "private_key" + waiting.suffix, "for its certificate", "", "", "",
                    "paraph key install " + home->name + " --cert FILE"});
  }
  call.print(json, rows.empty() ? home->name + ": no key\n" : table(rows));
  for (const auto& problem : seen.ring.problems) Invocation::warn(problem);
  if (!seen.signing.refusal.empty())
    Invocation::warn("what it would sign goes out unsigned: " + seen.signing.refusal);
  if (rows.empty() && !call.json) Invocation::hint("paraph key generate " + call.arguments[0]);
  return seen.ring.problems.empty() ? kOk : kConfig;
}

Result<int> key_list(Invocation& call) {
  auto site = call.site();
  if (!site) return std::move(site).error();
  auto lists = (*site)->lists();
  if (!lists) return std::move(lists).error();
  std::vector<KeyHome> homes{site_key_home(**site)};
  for (const auto& list : *lists) homes.push_back(list_key_home(**site, list));
  const TimePoint now = sys::SystemClock().now();
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows;
  int code = kOk;
  for (const auto& home : homes) {
    Seen seen;
    auto looked = look(home, **site, now, seen);
    if (!looked) seen.ring.problems.push_back(looked.error().advice());
    const auto& problems = seen.ring.problems;
    if (!problems.empty()) code = kConfig;
    const bool none = seen.ring.generations.empty() && problems.empty();
    json.push_back({{"for", home.name},
                    {"generations", seen.ring.generations.size()},
                    {"waiting", seen.waiting.size()},
                    {"retired", seen.retired},
                    {"encrypt", until(seen.published, now)},
                    {"sign", until(seen.signing.generation, now)},
                    {"cannot_sign", seen.signing.refusal},
                    {"problems", problems}});
    rows.push_back(
        {home.name, none ? "no key" : fmt::format("{} generations", seen.ring.generations.size()),
         "encrypt " + until(seen.published, now), "sign " + until(seen.signing.generation, now),
         !problems.empty()               ? "UNUSABLE: " + problems.front()
         : !seen.signing.refusal.empty() ? "UNSIGNED: " + seen.signing.refusal
         : !seen.waiting.empty()         ? "a new key waits for its certificate"
                                         : ""});
  }
  call.print(json, table(rows));
  return code;
}

}  // namespace paraph::app
