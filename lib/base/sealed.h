#pragma once

#include <fmt/core.h>

#include <cstddef>
#include <string>
#include <utility>

namespace paraph {

/// A value that came out of an encrypted layer (security rule 28). No log, template, file verb or
/// header writer has an overload for it; printed, it is `<sealed, N octets>`. The only way to the
/// value is reveal(), which is grep-able: `smime` calls it to verify and to re-encrypt, `apps` for a
/// person who holds the key. Nobody else does.
template <class T>
class Sealed {
 public:
  explicit Sealed(T value) : value_(std::move(value)) {}
  [[nodiscard]] const T& reveal() const { return value_; }
  [[nodiscard]] std::size_t size() const { return value_.size(); }

 private:
  T value_;
};

}  // namespace paraph

template <class T>
struct fmt::formatter<paraph::Sealed<T>> {
  constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
  template <class Context>
  auto format(const paraph::Sealed<T>& sealed, Context& context) const {
    return fmt::format_to(context.out(), "<sealed, {} octets>", sealed.size());
  }
};
