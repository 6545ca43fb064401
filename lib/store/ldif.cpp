#include "store/ldif.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "base/encode.h"
#include "base/utf8.h"

namespace paraph::store {
namespace {

struct Field {
  std::string name;  ///< without options, lower case
  std::string_view value;
  enum class Form : std::uint8_t { plain, base64, url } form = Form::plain;
};

// RFC 2849: "attribute;options: text", ":: base64" or ":< URL".
Field field_of(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return {};
  Field field;
  const auto name = line.substr(0, colon);
  field.name = ascii::to_lower(name.substr(0, name.find(';')));
  auto rest = line.substr(colon + 1);
  if (rest.starts_with(':')) field.form = Field::Form::base64;
  if (rest.starts_with('<')) field.form = Field::Form::url;
  if (field.form != Field::Form::plain) rest.remove_prefix(1);
  field.value = ascii::trim(rest);
  return field;
}

class Reader {
 public:
  explicit Reader(const std::function<Result<void>(LdifEntry)>& take) : take_(take) {}

  Result<void> line(std::size_t number, std::string_view line) {
    if (line.starts_with(' ')) {  // continues the one before, or is the first itself
      if (entry_.line == 0) entry_.line = number_ = number;
      unfold(line.substr(1));
      return {};
    }
    finish_line();
    if (line.empty()) return finish();
    if (entry_.line == 0) entry_.line = number;
    number_ = number;
    unfold(line);
    return {};
  }

  Result<void> finish() {
    finish_line();
    LdifEntry entry = std::exchange(entry_, {});
    const bool empty = entry.certificates.empty() && entry.problems.empty();
    return empty ? Result<void>() : take_(std::move(entry));
  }

 private:
  void unfold(std::string_view piece) {
    too_long_ = too_long_ || line_.size() + piece.size() > kLdifLongestLine;
    if (!too_long_) line_ += piece;
  }

  void finish_line() {
    if (!line_.starts_with('#')) read_field(field_of(line_));
    line_.clear();
    too_long_ = false;
  }

  void read_field(const Field& field) {
    if (field.name == "mail") read_mail(field);
    if (field.name == "usercertificate" || field.name == "usersmimecertificate")
      read_certificate(field);
  }

  void read_mail(const Field& field) {
    if (entry_.addresses.size() >= kLdifMostValues) return;
    if (field.form == Field::Form::plain) entry_.addresses.emplace_back(field.value);
    if (field.form != Field::Form::base64) return;
    if (auto text = base64_decode(field.value)) entry_.addresses.push_back(*std::move(text));
  }

  void read_certificate(const Field& field) {
    if (too_long_) return problem("longer than a line may be");
    if (entry_.certificates.size() >= kLdifMostValues)
      return problem("more certificates than an entry may have");
    if (field.form == Field::Form::url) return problem("a URL, which is not opened");
    const auto octets = base64_decode(field.value);
    if (!octets) return problem("not base64");
    auto found = cms::Certificate::from_any(*octets);
    if (!found) return problem(found.error().what());
    for (auto& certificate : *found) entry_.certificates.push_back(std::move(certificate));
  }

  void problem(const std::string& what) {
    if (entry_.problems.size() < kLdifMostValues)
      entry_.problems.push_back(fmt::format("line {}: {}", number_, what));
  }

  const std::function<Result<void>(LdifEntry)>& take_;
  LdifEntry entry_;
  std::string line_;  // unfolded so far
  std::size_t number_ = 0;
  bool too_long_ = false;
};

}  // namespace

bool is_ldif(std::string_view text) {
  constexpr std::size_t kBeginning = 4096;
  for (const auto line : ascii::lines(utf8::without_mark(text).substr(0, kBeginning))) {
    if (line.empty() || line.front() == '#' || line.front() == ' ') continue;
    return ascii::istarts_with(line, "version:") || ascii::istarts_with(line, "dn:");
  }
  return false;
}

Result<void> read_ldif(std::string_view text, const std::function<Result<void>(LdifEntry)>& entry) {
  Reader reader(entry);
  std::size_t number = 0;
  text = utf8::without_mark(text);
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    auto line = text.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (auto done = reader.line(++number, line); !done) return done;
    at = end + 1;
  }
  return reader.finish();
}

}  // namespace paraph::store
