#include "pipeline/explain.h"

#include <fmt/core.h>

#include <vector>

#include "pipeline/receivers.h"
#include "pipeline/sealing.h"

namespace paraph::pipeline {
namespace {

using outcome::Distribute;
using scenario::AuthMethod;

Item item_of(const spool::SpoolHeader& header, const mail::MimeTree& tree) {
  Item item = make_item({.header = header, .message = {}, .since = {}});
  item.tree = tree;
  return item;
}

// A method that is supposed stands for a signature as the list wants it, or for none; it comes after whatever looks at the
// signature that is there.
void suppose(std::string_view stage, Item& item, const Hypothesis& supposed) {
  if (stage == "shape" && supposed.sender) item.sender = *supposed.sender;
  if (stage != "learn") return;
  if (!supposed.method && !supposed.sender) return;
  item.method = supposed.method.value_or(AuthMethod::smtp);
  auto& protection = item.opened.protection;
  protection.smime = item.method == AuthMethod::smime;
  if (protection.smime && item.opened.payload) protection.signature.inside_encryption = true;
}

// Only its scenario knows whether an Error of the last stage is about it.
bool does_not_compile(const Explanation& explained, const Ports& ports) {
  if (explained.stage != "authorize" || !explained.item.list) return false;
  return !load_scenario(send_question(explained.item), ports.site);
}

bool lets_through(const Question& question, const Ports& ports) {
  const auto decision = authorize(question, ports);
  return decision && decision->action.action == scenario::Action::do_it;
}

/// What a distribution makes for each member, without making it.
class Preview {
 public:
  Preview(const Distribute& distribution, const config::ListConfig& config, const Ports& ports)
      : distribution_(distribution),
        list_(distribution.list.str()),
        wishes_(cipher_wishes(config)),
        now_(epoch(ports.clock.now())),
        ports_(ports) {}

  Result<void> begin(const config::ListConfig& config) {
    if (!distribution_.sealed) return {};
    auto terms = seal_terms(ports_, &config);
    if (!terms) return std::move(terms).error();
    terms_ = *std::move(terms);
    return {};
  }
  void expect(const std::vector<std::string>& members) {
    if (distribution_.sealed) (void)ports_.recipients.prefetch(members, terms_);
  }

  [[nodiscard]] Copy copy_for(const std::string& member) {
    if (!distribution_.sealed) return {member, "plain", {}, {}, {}};
    const auto target = ports_.recipients.find(member, terms_);
    if (!target) return {member, "failed", {}, "unreadable", target.error().what()};
    if (target->recipient != nullptr)
      return {member,
              "sealed",
              std::string(cms::cipher_name(choose_cipher(wishes_, *target->reader))),
              {},
              {}};
    return {member, told_lately(member) ? "missed" : "notice", {}, target->problem, target->detail};
  }

 private:
  [[nodiscard]] bool told_lately(const std::string& member) const {
    const auto standing = ports_.notices.standing(member, list_);
    return standing && standing->told != 0 && standing->told <= now_ &&
           standing->told > now_ - store::Notices::kDay;
  }

  const Distribute& distribution_;
  std::string list_;
  CipherWishes wishes_;
  long long now_;
  store::SealTerms terms_;
  const Ports& ports_;
};

void count(Reach& reach, const Copy& copy) {
  ++reach.all;
  ++reach.outcomes[copy.outcome];
  if (!copy.cipher.empty()) ++reach.ciphers[copy.cipher];
  if (!copy.why.empty()) ++reach.problems[copy.why];
}

}  // namespace

Explanation explain(const spool::SpoolHeader& header, const mail::MimeTree& tree,
                    const Hypothesis& supposed, const Ports& ports) {
  Explanation out{item_of(header, tree), {}, {}, {}};
  out.item.header.word = supposed.word;
  Inquiry inquiry;
  inquiry.passed = [&](std::string_view stage, Item& item) {
    if (stage == "open") out.found = item.opened.protection;
    suppose(stage, item, supposed);
  };
  auto ending = inquire(out.item, ports, inquiry);
  out.stage = inquiry.stage;
  if (!out.found && out.stage == "open") out.found = out.item.opened.protection;
  if (ending) {
    out.ending = std::move(*ending);
  } else {
    out.waits = std::move(ending).error();
    out.not_compiled = does_not_compile(out, ports);
  }
  // Whoever mends what the policy wants meets the rules next.
  if (out.stage == "policy" && out.item.list)
    if (auto decision = authorize(send_question(out.item), ports))
      out.unasked = *std::move(decision);
  return out;
}

Remedy remedy_for(const Explanation& explained, const Ports& ports) {
  const auto& item = explained.item;
  if (!item.list || !explained.ending || explained.is_distributed()) return Remedy::none;
  // What the scenario lets through is held for something else.
  if (item.decision && item.decision->action.action == scenario::Action::do_it) return Remedy::none;
  const bool signs = item.method == AuthMethod::smime;
  const auto signed_by_him =
      explain(item.header, item.tree, {item.sender, AuthMethod::smime, item.header.word}, ports);
  if (!signs && signed_by_him.is_distributed()) return Remedy::smime;
  if (explained.stage != "authorize" && signed_by_him.stage != "authorize") return Remedy::none;
  scenario::Supposition member;
  auto roles = scenario::parse_roles("member");
  if (!roles) return Remedy::none;
  member.roles = std::move(*roles);
  auto question = send_question(explained.stage == "authorize" ? item : signed_by_him.item);
  question.supposed = &member;
  question.method = item.method;
  if (explained.stage == "authorize" && lets_through(question, ports)) return Remedy::membership;
  question.method = AuthMethod::smime;
  return !signs && lets_through(question, ports) ? Remedy::both : Remedy::none;
}

Result<Reach> reach_of(const Distribute& distribution, const config::ListConfig& config,
                       const Ports& ports, const std::function<void(const Copy&)>& each) {
  Preview preview(distribution, config, ports);
  if (auto begun = preview.begin(config); !begun) return std::move(begun).error();
  Reach reach;
  Receivers receivers(distribution.list, distribution.sender, ports.directory);
  for (;;) {
    const auto members = receivers.next();
    if (!members) return members.error();
    if (members->empty()) return reach;
    preview.expect(*members);
    for (const auto& member : *members) {
      const Copy copy = preview.copy_for(member);
      count(reach, copy);
      if (each) each(copy);
    }
  }
}

}  // namespace paraph::pipeline
