// Statements of a template.
#include "template/render.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/utf8.h"
#include "template/filters.h"
#include "template/lexer.h"
#include "template/parser.h"

namespace paraph::tt2 {
namespace {

constexpr int kMaxDepth = 20;
constexpr std::size_t kMaxTurns = 1'000'000;

// Security rule 35: names resolve beneath the search path only.
bool is_safe_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && name.front() != '/' &&
         name.find("..") == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

// What FOREACH walks: a list, a hash as {key, value} in order, or a text by itself.
Ref items_of(const Ref& value) {
  if (value->kind == Value::Kind::list) return value;
  std::vector<Value> items;
  for (const auto& [key, entry] : value->hash)
    items.push_back(Value::of(std::map<std::string, Value>{{"key", key}, {"value", entry}}));
  if (value->kind == Value::Kind::text && truth(*value)) items.push_back(*value);
  return make_ref(Value::of(std::move(items)));
}

// loop.count and its kin, written over the last turn's when nobody has kept those.
void set_loop(std::shared_ptr<Value>& loop, std::size_t i, std::size_t size) {
  if (loop == nullptr || loop.use_count() > 2)  // ours and that of the variable
    loop = std::make_shared<Value>(Value::of(std::map<std::string, Value>()));
  loop->hash["index"].text = std::to_string(i);
  loop->hash["count"].text = std::to_string(i + 1);
  loop->hash["size"].text = std::to_string(size);
  loop->hash["max"].text = std::to_string(size - 1);
  loop->hash["first"].text = i == 0 ? "1" : "0";
  loop->hash["last"].text = i + 1 == size ? "1" : "0";
}

}  // namespace

Renderer::Renderer(const Loader& loader, const Data& data) : loader_(loader) {
  // Data outlives the renderer: not owned.
  for (const auto& [name, value] : data) variables_.emplace(name, Ref(Ref(), &value));
}

Result<std::string> Renderer::run(std::string_view name) {
  std::string out;
  if (const auto main = load(std::string(name), 1)) {
    current_ = main;
    register_blocks(main);
    block(main->body, out);
  }
  if (failed()) return std::move(failure_->error);
  return out;
}

std::optional<Source> Renderer::fetch(const std::string& name, std::size_t line) {
  auto source = is_safe_name(name) && loader_ ? loader_(name) : std::nullopt;
  if (!source)
    fail(line, fmt::format("there is no template {}", utf8::printable(name, 80)), "file");
  return source;
}

std::shared_ptr<const Template> Renderer::load(const std::string& name, std::size_t line) {
  const auto known = templates_.find(name);
  if (known != templates_.end()) return known->second;
  if (failed()) return nullptr;
  const auto source = fetch(name, line);
  if (!source || !spend(source->text.size())) return nullptr;
  auto parsed = parse(source->text, source->path);
  if (!parsed) {
    failure_ = Failure{parsed.error(), "parse", parsed.error().what(), true};
    return nullptr;
  }
  return templates_[name] = std::make_shared<const Template>(std::move(*parsed));
}

void Renderer::register_blocks(const std::shared_ptr<const Template>& owner) {
  for (const auto& node : owner->body)
    if (node.kind == Node::Kind::define) blocks_[node.text] = {&node.body, owner};
}

void Renderer::block(const Block& body, std::string& out) {
  for (const auto& entry : body) {
    if (failed()) return;
    node(entry, out);
  }
}

void Renderer::node(const Node& n, std::string& out) {
  line_ = n.line;
  if (!spend(1)) return;
  switch (n.kind) {
    case Node::Kind::text:
      return append(out, n.text);
    case Node::Kind::get:
      return append(out, text(n.value));
    case Node::Kind::set:
      return assign(n.target, evaluate(n.value));
    case Node::Kind::fallback:
      if (!truth(*evaluate(n.target))) assign(n.target, evaluate(n.value));
      return;
    case Node::Kind::call:
      evaluate(n.value);
      return;
    case Node::Kind::branch:
      return branch(n, out);
    case Node::Kind::loop:
      return loop(n, out);
    case Node::Kind::process:
    case Node::Kind::include:
      return process(n, out);
    case Node::Kind::insert:
      return insert(n, out);
    case Node::Kind::attempt:
      return attempt(n, out);
    case Node::Kind::filtered:
      return filtered(n, out);
    case Node::Kind::define:
      blocks_[n.text] = {&n.body, current_};
      return;
    case Node::Kind::capture:
      break;
  }
  std::string captured;
  block(n.body, captured);
  assign(n.target, make_ref(Value(std::move(captured))));
}

void Renderer::branch(const Node& n, std::string& out) {
  for (const auto& candidate : n.branches)
    if (candidate.always || truth(*evaluate(candidate.condition)) != candidate.negated)
      return block(candidate.body, out);
}

void Renderer::loop(const Node& n, std::string& out) {
  const Ref value = evaluate(n.value);
  const auto cost = value->kind == Value::Kind::hash ? weight(*value) : 1;
  if (!cost || !spend(*cost)) return;
  const Ref items = items_of(value);
  const auto outer = variables_.find("loop");
  const Ref outer_loop = outer == variables_.end() ? nullptr : outer->second;
  // Without a name the keys of each item become variables, for the time of the loop.
  std::map<std::string, Ref, std::less<>> saved;
  if (n.text.empty()) saved = variables_;
  std::shared_ptr<Value> state;
  for (std::size_t i = 0; i < items->list.size() && !failed(); ++i) {
    set_loop(state, i, items->list.size());
    variables_["loop"] = state;
    turn(n, items->list[i], items, out);
  }
  if (n.text.empty()) variables_ = std::move(saved);
  if (outer_loop) {
    variables_["loop"] = outer_loop;
  } else {
    variables_.erase("loop");
  }
}

void Renderer::turn(const Node& n, const Value& item, const Ref& owner, std::string& out) {
  if (++turns_ > kMaxTurns) return limit(fmt::format("more than {} turns of loops", kMaxTurns));
  if (!n.text.empty()) {
    variables_[n.text] = Ref(owner, &item);
  } else {
    for (const auto& [key, value] : item.hash) variables_[key] = Ref(owner, &value);
  }
  block(n.body, out);
}

void Renderer::attempt(const Node& n, std::string& out) {
  block(n.body, out);
  if (!failed() || !failure_->catchable) return;
  for (const auto& candidate : n.branches) {
    const auto& type = candidate.condition.text;
    if (!type.empty() && type != failure_->type) continue;
    const Ref error = make_ref(Value::of(
        std::map<std::string, Value>{{"type", failure_->type}, {"info", failure_->info}}));
    failure_.reset();
    variables_["error"] = variables_["e"] = error;
    return block(candidate.body, out);
  }
}

void Renderer::filtered(const Node& n, std::string& out) {
  std::string piece;
  block(n.body, piece);
  for (const auto& filter : n.filters) {
    const auto* row = find_filter(filter.name);
    if (row == nullptr)
      return fail(filter.line, fmt::format("unknown filter {}", utf8::printable(filter.name, 40)));
    const auto arguments = all(filter.arguments);
    if (!spend(piece.size() / 16)) return;
    piece = row->apply(piece, arguments);
    if (piece.size() > kMaxText) return limit(fmt::format("more than {} octets of text", kMaxText));
  }
  append(out, piece);
}

void Renderer::process(const Node& n, std::string& out) {
  const std::string name = text(n.value);
  if (failed()) return;
  if (depth_ >= kMaxDepth) return limit(fmt::format("templates nest more than {} deep", kMaxDepth));
  const auto own = n.kind == Node::Kind::include ? std::optional(variables_) : std::nullopt;
  if (own && !spend(variables_.size())) return;
  std::string ignored;
  block(n.body, ignored);
  const auto caller = current_;
  const auto known = blocks_.find(name);
  const Block* body = nullptr;
  if (known != blocks_.end()) {
    current_ = known->second.owner;
    body = known->second.body;
  } else if (const auto loaded = load(name, n.line)) {
    current_ = loaded;
    body = &loaded->body;
    register_blocks(loaded);
  }
  ++depth_;
  if (body != nullptr && !failed()) block(*body, out);
  --depth_;
  current_ = caller;
  if (own) variables_ = *own;
}

void Renderer::insert(const Node& n, std::string& out) {
  const std::string name = text(n.value);
  if (failed()) return;
  if (const auto source = fetch(name, n.line)) append(out, source->text);
}

// a.b.c = value: what is shared is never changed, so the outermost value is copied and its copy
// changed.
void Renderer::assign(const Expr& target, Ref value) {
  if (failed()) return;
  const std::string name = name_of(target.steps[0]);
  if (target.steps.size() == 1) {
    variables_[name] = std::move(value);
    return;
  }
  const auto found = variables_.find(name);
  const auto cost = found == variables_.end() ? 1 : weight(*found->second);
  const auto more = weight(*value);
  if (!cost || !more || !spend(*cost + *more)) return;
  Value root = found == variables_.end() ? Value() : *found->second;
  Value* at = &root;
  for (std::size_t i = 1; i < target.steps.size(); ++i) {
    if (at->kind == Value::Kind::list)
      return fail(target.line, "an item of a list cannot be assigned");
    *at = Value::of(std::move(at->hash));
    at = &at->hash[name_of(target.steps[i])];
  }
  *at = *value;
  variables_[name] = built(std::move(root), target.line);
}

Result<std::string> render(std::string_view name, const Loader& loader, const Data& data) {
  return Renderer(loader, data).run(name);
}

}  // namespace paraph::tt2
