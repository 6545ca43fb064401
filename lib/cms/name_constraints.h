#pragma once

// For this module only: what OpenSSL's check of name constraints on mail addresses leaves open.

#include <string>
#include <vector>

#include "cms/certificate.h"

namespace paraph::cms {

/// The address of the leaf that a certificate above it excludes (RFC 5280 §4.2.1.10), or could exclude in another spelling;
/// empty when there is none. OpenSSL compares local parts with their case and hosts in one spelling of internationalized
/// labels; we call two addresses one whatever their case and spelling, so an exclusion must hold for all of them.
[[nodiscard]] std::string excluded_address(const std::vector<Certificate>& chain);

}  // namespace paraph::cms
