#include "cms/name_constraints.h"

#include <openssl/err.h>

#include <algorithm>
#include <string_view>

#include "base/ascii.h"
#include "cms/openssl.h"

namespace paraph::cms {
namespace {

using ConstraintsPtr = std::unique_ptr<NAME_CONSTRAINTS, Freed<NAME_CONSTRAINTS_free>>;

/// The excluded subtrees of rfc822Name: addresses, hosts, and domains with a dot in front.
std::vector<std::string> excluded_by(const Certificate& authority) {
  std::vector<std::string> found;
  const ConstraintsPtr constraints(static_cast<NAME_CONSTRAINTS*>(
      X509_get_ext_d2i(authority.impl().x509.get(), NID_name_constraints, nullptr, nullptr)));
  ERR_clear_error();
  const STACK_OF(GENERAL_SUBTREE)* trees = constraints ? constraints->excludedSubtrees : nullptr;
  for (int i = 0; i < sk_GENERAL_SUBTREE_num(trees); ++i) {
    const GENERAL_NAME* base = sk_GENERAL_SUBTREE_value(trees, i)->base;
    if (base->type == GEN_EMAIL) {
      const ASN1_STRING* text = base->d.rfc822Name;
      found.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                         static_cast<std::size_t>(ASN1_STRING_length(text)));
    }
  }
  return found;
}

/// RFC 9598 writes the labels of a SmtpUTF8Mailbox as A-labels, RFC 8398 wrote them as U-labels, and some write capitals.
bool has_several_spellings(std::string_view address) {
  const auto is_foreign = [](char c) { return static_cast<unsigned char>(c) >= 0x80; };
  const std::string host = ascii::to_lower(address.substr(address.rfind('@') + 1));
  return std::any_of(address.begin(), address.end(), is_foreign) &&
         (std::any_of(host.begin(), host.end(), is_foreign) ||
          host.find("xn--") != std::string::npos);
}

}  // namespace

std::string excluded_address(const std::vector<Certificate>& chain) {
  std::vector<std::string> excluded;
  for (std::size_t i = 1; i < chain.size(); ++i) {
    for (std::string& subtree : excluded_by(chain[i])) {
      excluded.push_back(std::move(subtree));
    }
  }
  const auto& emails = chain.front().emails();
  const auto found = std::find_if(emails.begin(), emails.end(), [&](const std::string& email) {
    return std::any_of(excluded.begin(), excluded.end(), [&](const std::string& subtree) {
      return has_several_spellings(email) || ascii::iequals(email, subtree);
    });
  });
  return found == emails.end() ? std::string() : *found;
}

}  // namespace paraph::cms
