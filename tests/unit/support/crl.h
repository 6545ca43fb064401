#pragma once

#include <string>
#include <vector>

#include "support/pki.h"

/// Revocation lists of the throw-away PKI, made with `openssl ca`.
namespace paraph::testing {

struct WantedCrl {
  std::string issuer = "ca";
  std::vector<std::string> revoked = {};  ///< names of certificates
  int number = 1;
  bool key_id = true;           ///< with authorityKeyIdentifier
  std::string extensions = {};  ///< further lines of the extension section
  std::string from = "20261231000000Z";
  std::string to = "20270201000000Z";
  std::string reason = {};  ///< of all entries, as openssl-ca(1) calls it
};

/// DER.
inline std::string make_crl(const WantedCrl& wanted) {
  const Pki& pki = Pki::shared();
  const TempDir dir;
  std::string index;
  for (const auto& name : wanted.revoked) {
    std::string serial = sh("openssl x509 -noout -serial -in '" + pki.cert_path(name) + "'");
    serial = serial.substr(serial.find('=') + 1);
    serial.erase(serial.find_last_not_of("\r\n") + 1);
    index += "R\t360101000000Z\t261201000000Z" +
             (wanted.reason.empty() ? "" : "," + wanted.reason) + "\t" + serial +
             "\tunknown\t/CN=" + name + "\n";
  }
  spit(dir / "index.txt", index);
  spit(dir / "index.txt.attr", "unique_subject = no\n");
  spit(dir / "number", "0" + std::to_string(wanted.number) + "\n");  // one hex digit is enough
  spit(dir / "crl.cnf",
       "[ca]\ndefault_ca=us\n[us]\ndatabase=" + (dir / "index.txt") +
           "\ncrlnumber=" + (dir / "number") + "\ndefault_md=sha256\ncrl_extensions=ext\n[ext]\n" +
           (wanted.key_id ? "authorityKeyIdentifier=keyid\n" : "") + wanted.extensions + "\n");
  sh("openssl ca -gencrl -config '" + (dir / "crl.cnf") + "' -cert '" +
     pki.cert_path(wanted.issuer) + "' -keyfile '" + pki.key_path(wanted.issuer) +
     "' -crl_lastupdate " + wanted.from + " -crl_nextupdate " + wanted.to + " -out '" +
     (dir / "crl.pem") + "' 2>&1");
  return sh("openssl crl -in '" + (dir / "crl.pem") + "' -outform DER");
}

}  // namespace paraph::testing
