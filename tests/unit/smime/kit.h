#pragma once

#include <map>
#include <string>
#include <vector>

#include "smime/open.h"
#include "support/pki.h"

/// tests/vectors for C++ tests: its PKI and the words of its kit.sh.
namespace paraph::testing {

inline const std::string kVectors = std::string(PARAPH_SOURCE_DIR) + "/tests/vectors";
/// All certificates of that PKI are valid then, but for those that say otherwise.
inline const TimePoint kJudged = parse_time("2026-06-01T12:00:00Z").value();

class Kit {
 public:
  static const Kit& shared() {
    static const Kit kit;
    return kit;
  }
  [[nodiscard]] std::string path(const std::string& name) const { return dir_ / name; }
  /// The messages of all cases, as CASE.eml.
  void make_all() const { sh("bash " + kVectors + "/make.sh '" + dir_.path().string() + "'"); }
  /// What a script over the kit's words prints: `text | clear_signed alice | post`.
  [[nodiscard]] std::string message(const std::string& script) const {
    const TempDir own;
    return sh("export KIT='" + kVectors + "' PKI='" + path("pki") + "' TMP='" +
              own.path().string() + "'; bash -euo pipefail -c '. \"$KIT/kit.sh\"; '" +
              quoted(script));
  }
  [[nodiscard]] cms::Certificate certificate(const std::string& name) const {
    return cms::Certificate::from_pem(slurp(path("pki/" + name + ".pem"))).value().front();
  }
  [[nodiscard]] cms::KeyPair pair(const std::string& name) const {
    return {certificate(name),
            cms::PrivateKey::from_pem(slurp(path("pki/" + name + ".key")), "").value()};
  }
  /// NAME.crl; none for an empty name.
  [[nodiscard]] cms::CrlSet crls(const std::string& name) const {
    return name.empty()
               ? cms::CrlSet()
               : cms::CrlSet(cms::Crl::from_any(slurp(path("pki/" + name + ".crl"))).value());
  }
  /// Trusts `ca`, holds the keys named.
  [[nodiscard]] smime::OpenContext context(const std::vector<std::string>& keys = {"list"}) const {
    smime::OpenContext context;
    for (const std::string& key : keys) {
      context.keys.ours.push_back(pair(key));
    }
    context.anchors = cms::TrustAnchors::from({certificate("ca")});
    context.at = kJudged;
    return context;
  }

 private:
  Kit() { sh("sh " + kVectors + "/pki.sh '" + path("pki") + "'"); }
  static std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) {
      out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return out + "'";
  }
  TempDir dir_;
};

inline smime::Opened open(const std::string& message, const smime::OpenContext& context) {
  return smime::open(mail::scan(mail::RawMessage(message)), context);
}

inline std::string codes(const std::vector<smime::Reason>& reasons) {
  std::string out;
  for (const smime::Reason reason : reasons) {
    out += (out.empty() ? "" : " ") + std::string(smime::row(reason).code);
  }
  return out;
}

}  // namespace paraph::testing
