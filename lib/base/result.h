#pragma once

#include <cassert>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

/// The three kinds of wrong (design: "rules of the house"):
///   a fact about the mail   is a value of the domain (an enum, a status), never an Error;
///   a failure of the machine is an Error, which says whether trying later helps;
///   a bug                    is an assertion.
namespace paraph {

/// Whether trying the same again later can help: the one question every caller asks.
enum class Retry : std::uint8_t { later, never };

enum class Errc : std::uint8_t {
  not_found,
  exists,
  denied,
  io,
  corrupt,
  limit,
  config,
  engine,
  busy,
  usage
};

class Error {
 public:
  Error(Errc code, Retry retry, std::string what)
      : code_(code), retry_(retry), what_(std::move(what)) {}

  /// `later`: disk full, database locked, key unreadable: the mail waits.
  static Error later(Errc code, std::string what) { return {code, Retry::later, std::move(what)}; }
  /// `never`: damaged or impossible input: the mail is quarantined, the command fails.
  static Error never(Errc code, std::string what) { return {code, Retry::never, std::move(what)}; }

  [[nodiscard]] Errc code() const { return code_; }
  [[nodiscard]] Retry retry() const { return retry_; }
  /// One line for a person, without a final full stop.
  [[nodiscard]] const std::string& what() const { return what_; }
  /// The command that mends it, or empty. Printed as `paraph: hint: …`.
  [[nodiscard]] const std::string& hint() const { return hint_; }

  /// what() with its hint, for one line of a log or a note: "…; try: chmod 600 FILE".
  [[nodiscard]] std::string advice() const {
    return hint_.empty() ? what_ : what_ + "; try: " + hint_;
  }

  /// Puts the outer step in front: "claim 4xkq2: rename: No space left on device".
  [[nodiscard]] Error in(std::string_view step) && {
    what_ = std::string(step) + ": " + what_;
    return std::move(*this);
  }
  [[nodiscard]] Error with_hint(std::string hint) && {
    hint_ = std::move(hint);
    return std::move(*this);
  }

 private:
  Errc code_;
  Retry retry_;
  std::string what_;
  std::string hint_;
};

/// A T or an Error, with std::expected's member names.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Error error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  [[nodiscard]] T& value() & { return assert(has_value()), *std::get_if<0>(&state_); }
  [[nodiscard]] const T& value() const& { return assert(has_value()), *std::get_if<0>(&state_); }
  [[nodiscard]] T&& value() && { return assert(has_value()), std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  [[nodiscard]] const Error& error() const& {
    return assert(!has_value()), *std::get_if<1>(&state_);
  }
  [[nodiscard]] Error&& error() && {
    return assert(!has_value()), std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool has_value() const { return !error_; }
  explicit operator bool() const { return has_value(); }
  [[nodiscard]] const Error& error() const& { return assert(error_), *error_; }
  [[nodiscard]] Error&& error() && { return assert(error_), std::move(*error_); }

 private:
  std::optional<Error> error_;
};

}  // namespace paraph
