#include "store/sql_decision_keys.h"

#include <array>

namespace paraph::store {
namespace {

struct Row {
  KeyAction action;
  std::string_view word;
};
constexpr std::array kActions{Row{KeyAction::confirm, "confirm"},
                              Row{KeyAction::moderate, "moderate"},
                              Row{KeyAction::moderate_as_owner, "moderate_as_owner"},
                              Row{KeyAction::moderate_as_listmaster, "moderate_as_listmaster"},
                              Row{KeyAction::request, "request"},
                              Row{KeyAction::approve, "approve"}};

Result<void> ran(Query& query) {
  const auto changed = query.run();
  return changed ? Result<void>() : Result<void>(changed.error());
}

}  // namespace

std::string_view to_string(KeyAction action) {
  for (const auto& row : kActions)
    if (row.action == action) return row.word;
  return {};
}

std::optional<KeyAction> key_action_from(std::string_view word) {
  for (const auto& row : kActions)
    if (row.word == word) return row.action;
  return std::nullopt;
}

Result<void> SqlDecisionKeys::grant(const DecisionKey& key) {
  auto query = connection_.prepare(
      "INSERT OR IGNORE INTO paraph_key (sha256, item, list, recipient, action, request, expires) "
      "VALUES (?, ?, ?, ?, ?, ?, ?)");
  if (!query) return std::move(query).error();
  query->bind(key.sha256).bind(key.item).bind(key.list).bind(key.recipient);
  query->bind(to_string(key.action)).bind(key.request);
  return ran(query->bind(std::int64_t{key.expires}));
}

Result<std::optional<DecisionKey>> SqlDecisionKeys::find(std::string_view sha256) {
  auto query = connection_.prepare(
      "SELECT item, list, recipient, action, request, expires FROM paraph_key WHERE sha256 = ?");
  if (!query) return std::move(query).error();
  const auto row = query->bind(sha256).step();
  if (!row) return row.error();
  const auto action = *row ? key_action_from(query->text(3)) : std::nullopt;
  if (!action) return std::optional<DecisionKey>();
  return std::optional(DecisionKey{std::string(sha256), query->text(0), query->text(1),
                                   query->text(2), *action, query->text(4), query->integer(5)});
}

Result<void> SqlDecisionKeys::expire(long long before) {
  auto query = connection_.prepare("DELETE FROM paraph_key WHERE expires < ?");
  if (!query) return std::move(query).error();
  return ran(query->bind(std::int64_t{before}));
}

}  // namespace paraph::store
