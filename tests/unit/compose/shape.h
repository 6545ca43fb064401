#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "mail/entity.h"

namespace paraph::test {

/// What holds for every mail of ours: LF ends, 7-bit, no control characters, lines within limits,
/// no scanner defect, and each field at most once.
inline mail::MimeTree require_ours(const std::string& message) {
  INFO(message);
  REQUIRE_FALSE(message.empty());
  REQUIRE(message.back() == '\n');
  std::size_t odd = 0;
  for (const char c : message)
    odd += static_cast<unsigned char>(c) > 0x7e || (c < ' ' && c != '\n' && c != '\t') ? 1U : 0U;
  REQUIRE(odd == 0);
  for (const auto line : ascii::lines(message)) REQUIRE(line.size() <= 998);
  auto tree = mail::scan(mail::RawMessage(message));
  REQUIRE(mail::to_string(tree.defects()).empty());
  for (const char* once : {"From", "To", "Date", "Message-ID", "Subject", "Auto-Submitted",
                           "MIME-Version", "Content-Type"})
    REQUIRE(tree.find(tree.root(), once).size() == 1);
  for (const auto line : ascii::lines(tree.message().at(tree.root().header))) {
    REQUIRE(line.size() <= 78);
    REQUIRE_FALSE(ascii::trim(line).empty());
  }
  return tree;
}

}  // namespace paraph::test
