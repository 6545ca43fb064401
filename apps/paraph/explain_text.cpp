// message explain: everything that was found out, for people and as JSON.

#include <fmt/core.h>

#include <algorithm>

#include "apps/paraph/explain.h"
#include "apps/paraph/message.h"
#include "apps/paraph/scenario.h"
#include "base/utf8.h"
#include "smime/open.h"

namespace paraph::app {
namespace {

using pipeline::Explanation;
using Rows = std::vector<std::vector<std::string>>;

constexpr std::size_t kShownRules = 20;
constexpr std::size_t kShownOperand = 100;
constexpr std::size_t kShortDigest = 8;
constexpr std::size_t kWidest = 2000;

// --- found, signer
// -------------------------------------------------------------------------------------------------------------

std::string layer_text(const smime::Layer& layer) {
  using smime::LayerType;
  switch (layer.type) {
    case LayerType::multipart_signed:
    case LayerType::signed_data:
      return layer.signature.covers_whole_message ? "signed, whole message" : "signed";
    case LayerType::compressed_data:
      return "compressed";
    default:
      break;
  }
  const std::string cipher = layer.cipher.empty() ? "" : " with " + layer.cipher;
  if (layer.wrapped.empty()) return "encrypted" + cipher + ", not for a key of this address";
  const std::string key =
      layer.opened_with ? " " + layer.opened_with->sha256().substr(0, kShortDigest) : "";
  return fmt::format("encrypted{} to our key{}, {}", cipher, key,
                     layer.opened ? "opened" : "not opened");
}

std::string found_text(const Explanation& explained) {
  if (!explained.found) return "not opened: it ended before, in stage " + explained.stage;
  const std::string kind(smime::content_kind(explained.item.opened));
  if (explained.found->layers.empty()) return "neither signed nor encrypted: " + kind;
  std::string text;
  for (const auto& layer : explained.found->layers)
    text += (text.empty() ? "" : " > ") + layer_text(layer);
  return kind.empty() ? text : text + " > " + kind;
}

std::string signer_text(const smime::Signer& signer) {
  if (!signer.certificate) return "no certificate";
  std::string names;
  for (const auto& email : signer.certificate->emails())
    names += (names.empty() ? "" : ", ") + email;
  return fmt::format("{}, by {}, {}{}", names.empty() ? signer.certificate->subject() : names,
                     signer.certificate->issuer(), smime::to_string(signer.status),
                     signer.detail.empty() ? "" : " (" + signer.detail + ")");
}

std::string method_text(const Explanation& explained) {
  const auto& found = *explained.found;
  if (found.smime) return "counts: method smime";
  for (const auto reason : found.reasons)
    if (const auto& row = smime::row(reason); row.denies_smime)
      return fmt::format("does not count, so method smtp: {}: {}", denying_codes(found),
                         row.for_members);
  return "does not count, so method smtp";
}

void add_signers(Rows& rows, const Explanation& explained) {
  if (!explained.found) return;
  const auto& signers = explained.found->signature.signers;
  for (const auto& signer : signers) rows.push_back({"  signer", signer_text(signer)});
  rows.push_back({signers.empty() ? "  signer" : "", method_text(explained)});
}

// --- rules
// -------------------------------------------------------------------------------------------------------------

std::string operands_text(const scenario::TraceStep& step) {
  std::string text;
  for (const auto& [written, value] : step.operands)
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", written,
                        utf8::printable(value, kShownOperand));
  return text.empty() ? text : "  with " + text;
}

// Of many the last, since these led to the decision.
void add_rules(std::string& text, const scenario::Decision& decision, const std::string& scenario) {
  const auto& trace = decision.trace;
  const std::size_t from = trace.size() > kShownRules ? trace.size() - kShownRules : 0;
  text += fmt::format("  rules   {}{}\n", scenario,
                      from == 0 ? "" : fmt::format(", {} earlier ones did not match", from));
  Rows rows;
  for (std::size_t i = from; i < trace.size(); ++i) {
    const auto& step = trace[i];
    const bool matched = decision.rule && i + 1 == trace.size();
    rows.push_back({"          " + place_text(step.rule->place), matched ? "MATCH" : step.result,
                    step.rule->text + operands_text(step)});
  }
  text += table(rows);
  text += fmt::format("          so: {}\n", scenario::to_string(decision.action));
}

void add_scenario(std::string& text, const Explanation& explained, const std::string& from) {
  const auto& item = explained.item;
  const auto name =
      fmt::format("send.{} ({})", item.config ? item.config->scenario("send") : "", from);
  if (item.decision)
    add_rules(text, *item.decision, name);
  else if (explained.unasked)
    add_rules(text, *explained.unasked, name + ", not asked, since the policy ended it before");
  else if (explained.not_compiled)
    text += fmt::format(
        "  rules   {}: reject(not-compiled) would be Sympa's answer; here mail waits until it "
        "is mended\n",
        name);
  else if (item.list)
    text += fmt::format("  rules   none was asked: it ended in stage {}\n", explained.stage);
}

// --- what happened, what would
// -------------------------------------------------------------------------------------------------------------

std::string reach_text(const pipeline::Reach& reach) {
  std::string text = fmt::format("{} members", reach.all);
  const auto add = [&](const char* before, const auto& counts) {
    if (!counts.empty()) text += before + counts_text(counts);
  };
  add(": ", reach.outcomes);
  if (!reach.ciphers.empty()) add("; sealed with ", reach.ciphers);
  add("; notices for ", reach.problems);
  return text;
}

std::string ending_word(const Explanation& explained) {
  if (explained.waits) return "waits";
  return std::string(outcome::word(*explained.ending));
}

std::string ending_text(const Explanation& explained) {
  if (explained.waits) return "waits: " + explained.waits->what();
  const auto reason = outcome::reason(*explained.ending);
  return ending_word(explained) + (reason.empty() ? "" : ": " + reason);
}

void add_judgements(Rows& rows, const Explained& all) {
  const auto& subject = all.subject;
  if (is_held(subject) && all.now) {
    rows.push_back({"  held", fmt::format("since {}, when its signature counted as {}",
                                          iso8601(since(*subject.entry)), subject.header->auth)});
    rows.push_back(
        {"  now", fmt::format("it counts as {}; judged without anybody's word: {}",
                              scenario::to_string(all.now->item.method), ending_text(*all.now))});
    rows.push_back(
        {"  then",
         fmt::format(
             "{}: {}, as {}",
             subject.entry->spool == "auth" ? "when he confirms" : "when an editor releases it",
             ending_text(*all.released), scenario::to_string(all.released->item.method))});
  } else if (subject.entry && all.now) {
    rows.push_back({"  spool", fmt::format("{}, waits for {}", spool_of(*subject.entry),
                                           waits_for(*subject.entry, sys::SystemClock().now()))});
    if (!spool::live(subject.entry->state))
      rows.push_back({"  now", "judged again it would be " + ending_text(*all.now)});
  }
  if (subject.row)
    rows.push_back(
        {"  ledger", fmt::format("{}{}", subject.row->outcome,
                                 subject.row->reason.empty() ? "" : ": " + subject.row->reason)});
}

std::string hypothesis_text(const Explained& all) {
  std::string text;
  if (all.supposed.sender) text += " from " + *all.supposed.sender;
  if (all.now) text += fmt::format(" with {}", scenario::to_string(all.now->item.method));
  return "as if it had come" + text;
}

void add_reach(Rows& rows, const Explained& all) {
  if (!all.reach) return;
  const auto* explained = all.distributed();
  const char* when = &*all.now == explained                        ? "  reaches"
                     : all.released && &*all.released == explained ? "  released it would reach"
                                                                   : "  if smime it would reach";
  rows.push_back({std::string(when) + " " + reach_text(*all.reach) + " (--members)"});
}

constexpr std::string_view kGuard =
    "not asked: it may know the mail already (a second copy, a replayed signature)";

Json ending_json(const Explanation& explained) {
  Json json{
      {"outcome", ending_word(explained)},
      {"stage", explained.stage},
      {"reason", explained.waits ? explained.waits->what() : outcome::reason(*explained.ending)},
      {"method", scenario::to_string(explained.item.method)}};
  if (!explained.ending) return json;
  if (const auto* reject = std::get_if<outcome::Reject>(&*explained.ending)) {
    json["reason"] = reject->reason;
    json["detail"] = reject->detail;
    json["status"] = reject->status;
    json["quiet"] = reject->quiet;
    json["told"] = reject->told.empty() ? reject->reason : reject->told;
  }
  return json;
}

// As `scenario eval` has it, and its answers where no rule was asked.
Json rules_json(const Explanation& explained) {
  if (explained.item.decision) return decision_json(*explained.item.decision);
  if (explained.unasked) return decision_json(*explained.unasked);
  return explained.not_compiled ? decision_json(scenario::not_compiled()) : Json(nullptr);
}

Json reach_json(const pipeline::Reach& reach) {
  return {{"members", reach.all},
          {"outcomes", reach.outcomes},
          {"ciphers", reach.ciphers},
          {"problems", reach.problems}};
}

Json found_json(const Explanation& explained) {
  if (!explained.found) return nullptr;
  Json json = to_json(*explained.found);
  const auto kind = smime::content_kind(explained.item.opened);
  json["content_type"] = kind.empty() ? Json(nullptr) : Json(kind);
  Json keys = Json::array();
  for (const auto& layer : explained.found->layers)
    if (layer.opened_with) keys.push_back(layer.opened_with->sha256());
  json["opened_with"] = std::move(keys);
  return json;
}

template <class T, class F>
Json or_null(const std::optional<T>& value, F to) {
  return value ? to(*value) : Json(nullptr);
}

Json mail_json(const Explained& all) {
  const auto& subject = all.subject;
  Json json{
      {"id", subject.id.empty() ? Json(nullptr) : Json(subject.id)},
      {"to", subject.header ? Json(subject.header->address) : Json(nullptr)},
      {"list", all.now && all.now->item.list ? Json(all.now->item.list->str()) : Json(nullptr)},
      {"sender", all.now ? Json(all.now->item.sender) : Json(nullptr)}};
  json["spool"] = or_null(subject.entry, [](const spool::Entry& entry) {
    return to_json(entry, sys::SystemClock().now());
  });
  json["ledger"] = or_null(subject.row, [](const store::MailRow& row) {
    return Json{{"outcome", row.outcome},
                {"reason", row.reason},
                {"received", iso8601(TimePoint(std::chrono::seconds(row.received)))}};
  });
  return json;
}

}  // namespace

std::string explained_text(const Explained& all) {
  std::string text = utf8::printable(answer(all), kWidest) + "\n";
  Rows rows;
  if (all.now) {
    rows.push_back({"  found", found_text(*all.now)});
    add_signers(rows, *all.now);
    if (all.supposed.sender || all.supposed.method)
      rows.push_back({"  asked", hypothesis_text(all)});
  }
  text += table(rows, kWidest);
  if (all.now) add_scenario(text, *all.now, all.rules_from);
  rows.clear();
  add_judgements(rows, all);
  if (all.now) rows.push_back({"  guard ", std::string(kGuard)});
  for (const auto& problem : all.problems) rows.push_back({"  note", problem});
  text += table(rows, kWidest);
  rows.clear();
  add_reach(rows, all);
  rows.push_back({"  next    " + next_step(all)});
  return text + table(rows, kWidest);
}

Json explained_json(const Explained& all) {
  Json json{{"answer", answer(all)}};
  json.update(mail_json(all));
  if (all.now) {
    json.update(ending_json(*all.now));
    const Json rules = rules_json(*all.now);
    json["action"] = rules.is_null() || all.now->unasked ? Json(nullptr) : rules["action"];
    if (all.now->not_compiled) json["reason"] = rules["reason"];
    json["waits"] = or_null(all.now->waits, [](const Error& why) {
      return Json{{"for", why.what()}, {"try", why.hint()}};
    });
    json["found"] = found_json(*all.now);
    json["rules"] = rules;
    json["rules_from"] = all.rules_from;
    json["rules_asked"] = all.now->item.decision.has_value();
  }
  json["supposed"] = {
      {"sender", or_null(all.supposed.sender, [](const std::string& text) { return Json(text); })},
      {"method", or_null(all.supposed.method,
                         [](auto method) { return Json(scenario::to_string(method)); })}};
  json["held_as"] = is_held(all.subject) ? Json(all.subject.header->auth) : Json(nullptr);
  json["if_released"] = or_null(all.released, ending_json);
  json["if_smime"] = or_null(all.if_smime, ending_json);
  json["reach"] = or_null(all.reach, reach_json);
  json["guard"] = kGuard;
  json["problems"] = all.problems;
  json["next"] = next_step(all);
  return json;
}

}  // namespace paraph::app
