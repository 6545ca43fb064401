#include "cms/capabilities.h"

#include <array>

#include "cms/ber.h"
#include "cms/oids.h"

namespace paraph::cms {
namespace {

using namespace std::string_view_literals;

// id-sha256 (RFC 5754 §2.2), the contents.
constexpr auto kSha256 = "\x60\x86\x48\x01\x65\x03\x04\x02\x01"sv;

struct Row {
  std::string_view oid;
  std::string_view word;
  std::string_view in_parameters;  ///< octets that must stand in them
};
constexpr std::array kRows{
    Row{"2.16.840.1.101.3.4.1.46", "AES-256-GCM", {}},
    Row{"2.16.840.1.101.3.4.1.42", "AES-256-CBC", {}},
    Row{"2.16.840.1.101.3.4.1.2", "AES-128-CBC", {}},
    Row{oid::kRsaOaep, "OAEP", kSha256},
};

}  // namespace

std::string stated_capabilities(std::string_view der) {
  constexpr std::size_t kMost = 100;
  ber::Reader outer(der);
  const auto all = outer.next_if(ber::kSequence);
  if (!all) return {};
  std::array<bool, kRows.size()> stated{};
  ber::Reader list(all->content);
  for (std::size_t i = 0; i < kMost; ++i) {
    const auto one = list.next_if(ber::kSequence);
    if (!one) break;
    ber::Reader fields(one->content);
    const auto name = fields.next_if(ber::kOid);
    if (!name) return {};
    const std::string text = ber::oid_text(name->content);
    for (std::size_t row = 0; row < kRows.size(); ++row)
      stated[row] =
          stated[row] || (kRows[row].oid == text &&
                          one->content.find(kRows[row].in_parameters) != std::string_view::npos);
  }
  std::string words;
  for (std::size_t row = 0; row < kRows.size(); ++row)
    if (stated[row]) words += (words.empty() ? "" : " ") + std::string(kRows[row].word);
  return words;
}

std::string capabilities_lost(std::string_view before, std::string_view now) {
  const auto has = [](std::string_view words, std::string_view word) {
    return (" " + std::string(words) + " ").find(" " + std::string(word) + " ") !=
           std::string::npos;
  };
  std::string lost;
  for (const auto& row : kRows)
    if (has(before, row.word) && !has(now, row.word))
      lost += (lost.empty() ? "" : " ") + std::string(row.word);
  return lost;
}

}  // namespace paraph::cms
