#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

/// A throw-away PKI for tests, made with the `openssl` command once per test process and removed at
/// its end. Everybody lives at example.org. Validity: 2026-01-01 to 2036-01-01 unless said
/// otherwise; judge at kNow, so that no test depends on today.
namespace paraph::testing {

inline constexpr long long kNow = 1'798'761'600;  ///< 2027-01-01T00:00:00Z

/// Runs a shell command (`sh -c`) and returns its standard output, octet for octet. Standard error
/// is passed through on failure; a status other than 0 throws std::runtime_error, which fails the
/// test.
std::string sh(const std::string& command);
/// The same with `input` on standard input.
std::string sh(const std::string& command, std::string_view input);
/// Exit status of a command, its output thrown away.
int sh_status(const std::string& command);

/// A temporary directory (mode 0700), removed with the object.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Path of `name` inside, as text for a command line.
  [[nodiscard]] std::string operator/(std::string_view name) const {
    return (path_ / name).string();
  }

 private:
  std::filesystem::path path_;
};

std::string slurp(const std::string& path);
void spit(const std::string& path, std::string_view octets);
/// Lines with LF become CRLF; CRLF stays.
std::string crlf(std::string_view text);

/// What to ask of Pki::issue(). Dates are `YYYYMMDDHHMMSSZ`.
struct Wanted {
  std::string name = {};                 ///< file name and CN
  std::vector<std::string> emails = {};  ///< SAN rfc822Name each
  std::string key = "rsa:2048";  ///< rsa:BITS, rsa-pss:BITS[:DIGEST[:SALT]], ec:CURVE, ed25519
  std::string issuer = "ca";     ///< name of a CA; "self": self-signed
  std::string extensions = kMailExtensions;  ///< lines of an extension section; empty: none at all
  std::string digest = "sha256";             ///< of the issuer's signature
  std::string from = "20260101000000Z";
  std::string to = "20360101000000Z";
  std::string subject = {};  ///< openssl -subj; empty: /O=Paraph test/CN=<name>

  static constexpr const char* kMailExtensions =
      "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment,"
      "keyAgreement\n"
      "extendedKeyUsage=emailProtection\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";
  static constexpr const char* kCaExtensions =
      "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,"
      "cRLSign\nsubjectKeyIdentifier=hash\n";
};

class Pki {
 public:
  /// The one of this process. Made at first use (about 2 s) with these, each as issue() would:
  ///   ca                  root, RSA 2048, CN "Paraph test root"
  ///   alice               RSA 2048, alice@example.org
  ///   bob                 RSA 2048, bob@example.org
  ///   carol               EC P-256, carol@example.org
  ///   list                RSA 2048, list@example.org and list-request@example.org
  ///   expired             alice's address, until 2026-06-01
  ///   mallory             self-signed, claims alice@example.org
  static const Pki& shared();

  /// Makes a key and a certificate; nothing when the name is there already.
  void issue(const Wanted& wanted) const;

  [[nodiscard]] std::string cert_path(std::string_view name) const {
    return dir_ / (std::string(name) + ".pem");
  }
  [[nodiscard]] std::string key_path(std::string_view name) const {
    return dir_ / (std::string(name) + ".key");
  }
  [[nodiscard]] std::string cert_pem(std::string_view name) const { return slurp(cert_path(name)); }
  [[nodiscard]] std::string key_pem(std::string_view name) const { return slurp(key_path(name)); }
  [[nodiscard]] std::string path(std::string_view name) const { return dir_ / name; }

  /// `openssl cms -sign -binary -outform DER` over the octets given, as they are.
  /// `options` stand behind: "-nodetach", "-md sha1", "-noattr", "-keyopt rsa_padding_mode:pss".
  [[nodiscard]] std::string sign(std::string_view content, std::string_view signer,
                                 const std::string& options = {}) const;
  /// `openssl cms -encrypt -binary -outform DER` for these.
  [[nodiscard]] std::string encrypt(std::string_view content,
                                    const std::vector<std::string>& recipients,
                                    const std::string& options = "-aes-256-cbc") const;
  /// `openssl cms -decrypt` with this one's key; throws when it does not open.
  [[nodiscard]] std::string decrypt(std::string_view cms_der, std::string_view recipient) const;

 private:
  Pki();
  TempDir dir_;
};

}  // namespace paraph::testing
