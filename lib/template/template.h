#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// The subset of Template Toolkit 2 that mailing-list templates use: [% a.b %], IF/ELSIF/ELSE, FOREACH, SET, BLOCK,
/// PROCESS, INSERT, TRY, filters, chomping, comments. No file access beyond the loader, no code execution; depth 20,
/// output 10 MiB, 1,000,000 loop turns.
namespace paraph::tt2 {

/// Data of a template: a string, a list, or a hash. Sealed values have no conversion to it, by design.
struct Value {
  std::string text;
  std::vector<Value> list;
  std::map<std::string, Value> hash;
  enum class Kind : unsigned char { text, list, hash } kind = Kind::text;

  Value() = default;
  Value(std::string t) : text(std::move(t)) {}  // NOLINT(google-explicit-constructor)
  Value(const char* t) : text(t) {}             // NOLINT(google-explicit-constructor)
  Value(std::string_view t) : text(t) {}        // NOLINT(google-explicit-constructor)
  static Value of(std::map<std::string, Value> h) {
    Value v;
    v.hash = std::move(h);
    v.kind = Kind::hash;
    return v;
  }
  static Value of(std::vector<Value> l) {
    Value v;
    v.list = std::move(l);
    v.kind = Kind::list;
    return v;
  }
};
using Data = std::map<std::string, Value>;

/// name ("x509-user-cert-missing.tt2", "info") → text and path, or nullopt.
struct Source {
  std::string text;
  std::string path;
};
using Loader = std::function<std::optional<Source>(std::string_view name)>;

/// Renders template `name`. Missing variables are empty. Errors name file and line.
[[nodiscard]] Result<std::string> render(std::string_view name, const Loader& loader,
                                         const Data& data);

}  // namespace paraph::tt2
