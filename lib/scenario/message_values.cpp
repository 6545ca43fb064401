#include "scenario/message_values.h"

#include <array>

#include "base/ascii.h"
#include "mail/address.h"

namespace paraph::scenario {
namespace {

using Values = std::vector<std::string>;

Values header_values(const Variable& variable, const MessageView& view) {
  Values values;
  for (const auto* field : view.message->find(view.message->root(), variable.key))
    values.push_back(mail::decode_words(view.message->unfolded(*field)));
  return indexed(std::move(values), variable.index);
}

Values body_text(const Variable& /*variable*/, const MessageView& view) {
  const auto& tree = *view.message;
  const auto& root = tree.root();
  if (root.content_type.type != "text") return {};
  return {std::string(tree.message().at(root.body))};
}

Values part_values(const Variable& variable, const MessageView& view) {
  Values values;
  const auto& tree = *view.message;
  for (const auto child : tree.children(0)) {
    const auto& part = tree.entities()[child];
    if (variable.key == "type") values.push_back(part.content_type.full());
    if (variable.key == "body" && part.content_type.type == "text")
      values.push_back(mail::decode_body(tree.message().at(part.body), part.transfer_encoding)
                           .value_or(std::string()));
  }
  // Of a message without parts there is not even an empty one.
  return variable.index ? indexed(std::move(values), variable.index) : values;
}

Values attributes(const Variable& variable, const MessageView& view) {
  if (variable.key == "size") return {std::to_string(view.message->message().size())};
  if (variable.key == "decoded_subject")
    return {mail::decode_words(
        view.message->field(view.message->root(), "Subject").value_or(std::string()))};
  return {};
}

Values encrypted(const Variable& /*variable*/, const MessageView& view) {
  return {view.encrypted ? "smime" : ""};
}

// The list's name stands nowhere in To and Cc.
Values is_bcc(const Variable& /*variable*/, const MessageView& view) {
  for (const auto* name : {"To", "Cc"})
    for (const auto* field : view.message->find(view.message->root(), name))
      if (ascii::ifind(view.message->unfolded(*field), view.list_name) != std::string::npos)
        return {"0"};
  return {"1"};
}

struct Row {
  std::string_view name;
  Values (*values)(const Variable&, const MessageView&);
};
constexpr std::array kRows{Row{"msg_header", header_values},
                           Row{"header", header_values},
                           Row{"msg_body", body_text},
                           Row{"msg_part", part_values},
                           Row{"msg", attributes},
                           Row{"msg_encrypted", encrypted},
                           Row{"is_bcc", is_bcc}};

}  // namespace

Values indexed(Values values, std::optional<int> index) {
  if (index) {
    const auto size = static_cast<long>(values.size());
    const long at = *index < 0 ? size + *index : *index;
    return {at >= 0 && at < size ? std::move(values[static_cast<std::size_t>(at)]) : std::string()};
  }
  if (values.empty()) values.emplace_back();
  return values;
}

std::optional<Values> message_values(const Variable& variable, const MessageView& view) {
  for (const auto& row : kRows) {
    if (row.name != variable.name) continue;
    static const auto nothing = mail::scan(mail::RawMessage("\n"));
    auto values = row.values(variable, view.message != nullptr
                                           ? view
                                           : MessageView{&nothing, view.list_name, view.encrypted});
    if (values.empty() && variable.name != "msg_part") values.emplace_back();
    return values;
  }
  return std::nullopt;
}

}  // namespace paraph::scenario
