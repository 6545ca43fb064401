#include "template/value.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii.h"
#include "base/utf8.h"

namespace paraph::tt2 {
namespace {

constexpr int kMaxDepth = 32;

Ref text_ref(std::string text) {
  return make_ref(Value(std::move(text)));
}
Ref number_ref(std::size_t n) {
  return text_ref(std::to_string(n));
}
Ref truth_ref(bool yes) {
  return text_ref(yes ? "1" : "");
}

Ref item(const Ref& list, std::size_t i) {
  return i < list->list.size() ? Ref(list, &list->list[i]) : empty_ref();
}

std::size_t code_points(std::string_view text) {
  std::size_t n = 0;
  for (std::size_t at = 0; at < text.size(); ++n) static_cast<void>(utf8::next(text, at));
  return n;
}

using Arguments = std::vector<Ref>;
struct Method {
  std::string_view name;
  Ref (*apply)(const Ref& of, const Arguments& arguments);
};

std::string argument(const Arguments& arguments, std::string_view otherwise) {
  return arguments.empty() ? std::string(otherwise) : text_of(*arguments[0]);
}

std::string joined(const Value& list, std::string_view separator) {
  std::string out;
  for (std::size_t i = 0; i < list.list.size() && out.size() <= kMaxText; ++i) {
    if (i > 0) out += separator;
    out += text_of(list.list[i]);
  }
  return out;
}

template <class Order>
Ref ordered(const Ref& of, Order order) {
  Value copy = *of;
  order(copy.list);
  return make_ref(std::move(copy));
}

const Method kListMethods[] = {
    {"size", [](const Ref& v, const Arguments&) { return number_ref(v->list.size()); }},
    {"max",
     [](const Ref& v, const Arguments&) {
       return text_ref(std::to_string(static_cast<long long>(v->list.size()) - 1));
     }},
    {"first", [](const Ref& v, const Arguments&) { return item(v, 0); }},
    {"last",
     [](const Ref& v, const Arguments&) {
       return v->list.empty() ? empty_ref() : item(v, v->list.size() - 1);
     }},
    {"join",
     [](const Ref& v, const Arguments& a) { return text_ref(joined(*v, argument(a, " "))); }},
    {"reverse",
     [](const Ref& v, const Arguments&) {
       return ordered(v, [](auto& l) { std::reverse(l.begin(), l.end()); });
     }},
    {"sort",
     [](const Ref& v, const Arguments&) {
       return ordered(v, [](auto& l) {
         std::stable_sort(l.begin(), l.end(), [](const Value& a, const Value& b) {
           return ascii::to_lower(text_of(a)) < ascii::to_lower(text_of(b));
         });
       });
     }},
};

const Method kHashMethods[] = {
    {"size", [](const Ref& v, const Arguments&) { return number_ref(v->hash.size()); }},
    {"exists", [](const Ref& v,
                  const Arguments& a) { return truth_ref(v->hash.count(argument(a, "")) > 0); }},
    {"keys",
     [](const Ref& v, const Arguments&) {
       std::vector<Value> keys;
       for (const auto& [key, unused] : v->hash) keys.emplace_back(key);
       return make_ref(Value::of(std::move(keys)));
     }},
    {"values",
     [](const Ref& v, const Arguments&) {
       std::vector<Value> values;
       for (const auto& [unused, value] : v->hash) values.push_back(value);
       return make_ref(Value::of(std::move(values)));
     }},
};

const Method kTextMethods[] = {
    {"length", [](const Ref& v, const Arguments&) { return number_ref(code_points(v->text)); }},
    {"size", [](const Ref&, const Arguments&) { return number_ref(1); }},
    {"first", [](const Ref& v, const Arguments&) { return v; }},
    {"last", [](const Ref& v, const Arguments&) { return v; }},
    {"join", [](const Ref& v, const Arguments&) { return v; }},
    {"defined", [](const Ref& v, const Arguments&) { return truth_ref(!v->text.empty()); }},
    {"lower", [](const Ref& v, const Arguments&) { return text_ref(ascii::to_lower(v->text)); }},
    {"match",
     [](const Ref& v, const Arguments& a) {
       return truth_ref(simple_match(v->text, argument(a, "")).value_or(false));
     }},
};

template <std::size_t N>
const Method* find(const Method (&methods)[N], std::string_view name) {
  const auto* const found = std::find_if(std::begin(methods), std::end(methods),
                                         [&](const Method& m) { return m.name == name; });
  return found == std::end(methods) ? nullptr : found;
}

const Method* method_of(const Value& value, std::string_view name) {
  switch (value.kind) {
    case Value::Kind::list:
      return find(kListMethods, name);
    case Value::Kind::hash:
      return find(kHashMethods, name);
    case Value::Kind::text:
      break;
  }
  return find(kTextMethods, name);
}

std::optional<std::size_t> index_of(const Value& list, std::string_view name) {
  long long i = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), i);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  const auto size = static_cast<long long>(list.list.size());
  if (i < 0) i += size;
  return i < 0 ? list.list.size() : static_cast<std::size_t>(i);
}

}  // namespace

Ref make_ref(Value value) {
  return std::make_shared<const Value>(std::move(value));
}

const Ref& empty_ref() {
  static const Ref empty = make_ref(Value());
  return empty;
}

bool truth(const Value& value) {
  return value.kind != Value::Kind::text || !(value.text.empty() || value.text == "0");
}

double number(std::string_view text) {
  while (!text.empty() && ascii::is_space(text.front())) text.remove_prefix(1);
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  const std::size_t digits = text.substr(0, 1) == "-" ? 1 : 0;
  if (digits >= text.size() || !(ascii::is_digit(text[digits]) || text[digits] == '.')) return 0;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? value : 0;
}

const std::string& text_of(const Value& value) {
  return value.kind == Value::Kind::text ? value.text : empty_ref()->text;
}

Result<Ref> member(const Ref& of, std::string_view name, const std::vector<Ref>& arguments,
                   const Spend& spend) {
  if (of->kind == Value::Kind::hash) {
    const auto found = of->hash.find(std::string(name));
    if (found != of->hash.end()) return Ref(of, &found->second);
  }
  if (of->kind == Value::Kind::list)
    if (const auto i = index_of(*of, name)) return item(of, *i);
  const auto* method = method_of(*of, name);
  if (method == nullptr) return empty_ref();
  const bool matches = name == "match" && of->kind == Value::Kind::text;
  if (matches && !simple_match("", argument(arguments, "")))
    return Error::later(
        Errc::config, ".match() understands characters, classes such as \\S, sets, and * + ? only");
  const auto cost = weight(*of);
  const std::size_t effort = matches ? 1 + argument(arguments, "").size() : 1;
  if (!cost || !spend(*cost * effort)) return empty_ref();
  return method->apply(of, arguments);
}

std::optional<std::size_t> weight(const Value& value, int depth) {
  if (depth > kMaxDepth) return std::nullopt;
  std::size_t sum = 8 + value.text.size() / 16;
  for (const auto& entry : value.list) {
    const auto w = weight(entry, depth + 1);
    if (!w) return std::nullopt;
    sum += *w;
  }
  for (const auto& [key, entry] : value.hash) {
    const auto w = weight(entry, depth + 1);
    if (!w) return std::nullopt;
    sum += *w + key.size() / 16;
  }
  return sum;
}

}  // namespace paraph::tt2
