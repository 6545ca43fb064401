#include "compose/writer.h"

#include <fmt/core.h>
#include <mimetic/mimetic.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <memory>
#include <sstream>

#include "base/ascii.h"
#include "base/utf8.h"
#include "mail/entity.h"

namespace paraph::compose {
namespace {

// mimetic folds at blanks itself, turns them into tabs and does not see folds that are there. It
// gets our folded values with blanks and line ends veiled by controls, which occur in no field and
// no body.
constexpr char kVeiledBlank = '\x01';
constexpr char kVeiledLineEnd = '\x02';

std::string exchanged(std::string text, char blank, char other_blank, char end, char other_end) {
  std::replace(text.begin(), text.end(), blank, other_blank);
  std::replace(text.begin(), text.end(), end, other_end);
  return text;
}

void add(mimetic::MimeEntity& entity, const Fields& fields) {
  for (const auto& field : fields)
    entity.header().push_back(mimetic::Field(
        field.name,
        exchanged(field.value.folded(field.name), ' ', kVeiledBlank, '\n', kVeiledLineEnd)));
}

// mimetic writes CRLF between fields and around boundaries whatever the bodies have.
std::string print(const mimetic::MimeEntity& entity) {
  std::ostringstream out;
  out << entity;
  return exchanged(mail::lf_only(out.str()), kVeiledBlank, ' ', kVeiledLineEnd, '\n');
}

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

// RFC 2046 §5.1.1: the delimiter must not occur inside a part. "=_" cannot stand in
// quoted-printable, and the search makes sure of the rest.
std::string boundary_for(const std::vector<Part>& parts, std::string_view seed) {
  for (unsigned round = 0;; ++round) {
    std::string boundary = fmt::format("=_{:016x}{}", fnv1a(seed), round);
    bool free = true;
    for (const auto& part : parts) free = free && part.body.find(boundary) == std::string::npos;
    if (free) return boundary;
  }
}

std::string clean_text(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = utf8::next(text, at);
    const bool control = c < 0x20 || c == 0x7f;
    if (!control || c == '\n' || c == '\t') utf8::append(out, c);
  }
  if (!out.empty() && out.back() != '\n') out += '\n';
  return out;
}

// Signed mail must pass every relay unchanged: short ASCII lines without blanks at their end do.
bool survives_as_7bit(std::string_view text) {
  for (const auto line : ascii::lines(text)) {
    if (line.size() > 78 || (!line.empty() && ascii::is_wsp(line.back()))) return false;
    for (const char c : line)
      if (static_cast<unsigned char>(c) > 0x7e) return false;
  }
  return true;
}

Field fixed(std::string name, std::string_view value) {
  return {std::move(name), HeaderValue::structured(value).value()};
}

template <class Build>
Result<std::string> guarded(Build build) {
  try {
    return build();
  } catch (const std::exception& e) {
    return Error::later(Errc::engine, fmt::format("compose: {}", e.what()));
  }
}

}  // namespace

Part text_part(std::string_view text) {
  const std::string clean = clean_text(text);
  const bool plain = survives_as_7bit(clean);
  return {{fixed("Content-Type", "text/plain; charset=utf-8"),
           fixed("Content-Transfer-Encoding", plain ? "7bit" : "quoted-printable")},
          plain ? clean : mail::quoted_printable_encode(clean)};
}

Result<std::string> write(const Fields& header, const Part& body) {
  return guarded([&] {
    mimetic::MimeEntity entity;
    add(entity, header);
    add(entity, body.fields);
    entity.body().assign(body.body);
    return print(entity);
  });
}

Result<std::string> write_report(const Fields& header, const std::vector<Part>& parts,
                                 std::string_view report_type, std::string_view seed) {
  return guarded([&] {
    mimetic::MimeEntity entity;
    add(entity, header);
    mimetic::ContentType type("multipart", "report");
    type.param("report-type", std::string(report_type));
    type.param("boundary", boundary_for(parts, seed));
    entity.header().contentType(type);
    for (const auto& part : parts) {
      auto child = std::make_unique<mimetic::MimeEntity>();
      add(*child, part.fields);
      child->body().assign(part.body);
      entity.body().parts().push_back(child.release());  // the list owns it
    }
    return print(entity);
  });
}

}  // namespace paraph::compose
