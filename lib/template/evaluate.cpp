// Expressions of a template.
#include <fmt/core.h>

#include "template/lexer.h"
#include "template/render.h"

namespace paraph::tt2 {
namespace {

constexpr std::size_t kMaxWork = 20'000'000;

const Ref& truth_ref(bool yes) {
  static const Ref one = make_ref(Value("1"));
  return yes ? one : empty_ref();
}

bool holds(std::string_view op, const Value& a, const Value& b) {
  if (op == "==") return text_of(a) == text_of(b);
  if (op == "!=") return text_of(a) != text_of(b);
  const double x = number(text_of(a)), y = number(text_of(b));
  if (op == "<") return x < y;
  if (op == ">") return x > y;
  return op == "<=" ? x <= y : x >= y;
}

}  // namespace

void Renderer::fail(std::size_t line, std::string_view what, std::string type) {
  if (!failure_)
    failure_ = Failure{fault(current_ ? current_->path : "template", line, what), std::move(type),
                       std::string(what), true};
}

void Renderer::limit(std::string_view what) {
  fail(line_, what);
  failure_->catchable = false;
}

bool Renderer::spend(std::size_t work) {
  work_ += work;
  if (work_ > kMaxWork) limit("too much work for one template");
  return !failed();
}

void Renderer::append(std::string& out, std::string_view more) {
  if (!spend(more.size() / 16)) return;
  if (out.size() + more.size() > kMaxText)
    return limit(fmt::format("more than {} octets of text", kMaxText));
  out += more;
}

std::string Renderer::text(const Expr& expr) {
  const Ref value = evaluate(expr);
  return spend(text_of(*value).size() / 16) ? text_of(*value) : std::string();
}

std::vector<Ref> Renderer::all(const std::vector<Expr>& exprs) {
  std::vector<Ref> out;
  for (const auto& expr : exprs) out.push_back(evaluate(expr));
  return out;
}

Ref Renderer::evaluate(const Expr& expr) {
  if (!spend(1)) return empty_ref();
  switch (expr.kind) {
    case Expr::Kind::text:
      return make_ref(Value(expr.text));
    case Expr::Kind::join:
      return join(expr);
    case Expr::Kind::path:
      return path(expr);
    case Expr::Kind::logic:
      return logic(expr);
    case Expr::Kind::compare:
      return compare(expr);
    case Expr::Kind::negate:
      return truth_ref(!truth(*evaluate(expr.parts[0])));
    case Expr::Kind::choose:
      return evaluate(expr.parts[truth(*evaluate(expr.parts[0])) ? 1 : 2]);
    case Expr::Kind::list:
      return list(expr);
    case Expr::Kind::hash:
      break;
  }
  return hash(expr);
}

std::string Renderer::name_of(const Step& step) {
  return step.computed.empty() ? step.name : text(step.computed[0]);
}

Ref Renderer::path(const Expr& expr) {
  const auto found = variables_.find(name_of(expr.steps[0]));
  Ref value = found == variables_.end() ? empty_ref() : found->second;
  for (std::size_t i = 1; i < expr.steps.size() && !failed(); ++i) {
    const auto& step = expr.steps[i];
    auto next = member(value, name_of(step), all(step.arguments),
                       [&](std::size_t work) { return spend(work); });
    if (!next) {
      fail(expr.line, next.error().what());
      return empty_ref();
    }
    value = *next;
  }
  return value;
}

Ref Renderer::join(const Expr& expr) {
  std::string out;
  for (const auto& part : expr.parts) append(out, text(part));
  return make_ref(Value(std::move(out)));
}

// a || b is a when a is true, else b; a && b is a when a is false, else b.
Ref Renderer::logic(const Expr& expr) {
  Ref value = evaluate(expr.parts[0]);
  for (std::size_t i = 0; i < expr.ops.size() && !failed(); ++i)
    if (truth(*value) == (expr.ops[i] == "&&")) value = evaluate(expr.parts[i + 1]);
  return value;
}

Ref Renderer::compare(const Expr& expr) {
  Ref value = evaluate(expr.parts[0]);
  for (std::size_t i = 0; i < expr.ops.size() && spend(text_of(*value).size() / 16); ++i)
    value = truth_ref(holds(expr.ops[i], *value, *evaluate(expr.parts[i + 1])));
  return value;
}

// What is built from other values pays for its copies and cannot nest without end.
Ref Renderer::built(Value value, std::size_t line) {
  const auto cost = weight(value);
  if (!cost) return fail(line, "lists or hashes nest too deeply"), empty_ref();
  return spend(*cost) ? make_ref(std::move(value)) : empty_ref();
}

Ref Renderer::list(const Expr& expr) {
  std::vector<Value> items;
  for (const auto& item : all(expr.parts)) {
    const auto cost = weight(*item);
    if (cost && spend(*cost)) items.push_back(*item);
  }
  return built(Value::of(std::move(items)), expr.line);
}

Ref Renderer::hash(const Expr& expr) {
  std::map<std::string, Value> entries;
  for (std::size_t i = 0; i + 1 < expr.parts.size() && !failed(); i += 2) {
    const Ref value = evaluate(expr.parts[i + 1]);
    const auto cost = weight(*value);
    if (cost && spend(*cost)) entries[text(expr.parts[i])] = *value;
  }
  return built(Value::of(std::move(entries)), expr.line);
}

}  // namespace paraph::tt2
