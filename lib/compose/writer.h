#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "compose/header_value.h"

/// Private to `compose`: from checked fields and encoded bodies to octets. writer.cpp is the only
/// file of the project that includes mimetic.
namespace paraph::compose {

/// A leaf: its Content-* fields, and a body that is 7-bit and transfer-encoded already.
struct Part {
  Fields fields;
  std::string body;
};

/// A text part (charset utf-8) of foreign or own text: octets that are no UTF-8 and controls are
/// replaced; 7bit when it is ASCII in lines of at most 78, else quoted-printable.
[[nodiscard]] Part text_part(std::string_view text);

/// A message of one part. LF line ends.
[[nodiscard]] Result<std::string> write(const Fields& header, const Part& body);
/// A multipart/report (RFC 6522) of that report-type. The boundary is derived from `seed`, so that
/// a repeat gives the same octets, and stands in no part.
[[nodiscard]] Result<std::string> write_report(const Fields& header, const std::vector<Part>& parts,
                                               std::string_view report_type, std::string_view seed);

}  // namespace paraph::compose
