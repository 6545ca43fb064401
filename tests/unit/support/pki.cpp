#include "support/pki.h"

#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>

namespace paraph::testing {
namespace {

struct ClosePipe {
  void operator()(FILE* pipe) const { pclose(pipe); }
};

std::string read_all(FILE* pipe) {
  std::string out;
  char buffer[65536];
  while (const std::size_t count = fread(buffer, 1, sizeof buffer, pipe)) {
    out.append(buffer, count);
  }
  return out;
}

/// The genpkey options of "rsa:2048", "ec:P-256", "ed25519".
std::string genpkey(const std::string& key) {
  const std::size_t colon = key.find(':');
  const std::string kind = key.substr(0, colon);
  const std::string size = colon == std::string::npos ? std::string() : key.substr(colon + 1);
  if (const auto digest = size.find(':'); kind == "rsa-pss" && digest != std::string::npos) {
    const auto salt = size.find(':', digest + 1);
    const std::string name = size.substr(digest + 1, salt - digest - 1);
    return fmt::format(
        "-algorithm rsa-pss -pkeyopt rsa_keygen_bits:{} -pkeyopt rsa_pss_keygen_md:{} -pkeyopt "
        "rsa_pss_keygen_mgf1_md:{} -pkeyopt rsa_pss_keygen_saltlen:{}",
        size.substr(0, digest), name, name,
        salt == std::string::npos ? "32" : size.substr(salt + 1));
  }
  if (kind == "rsa" || kind == "rsa-pss") {
    return fmt::format("-algorithm {} -pkeyopt rsa_keygen_bits:{}", kind, size);
  }
  if (kind == "ec") {
    return fmt::format("-algorithm EC -pkeyopt ec_paramgen_curve:{}", size);
  }
  return "-algorithm " + kind;
}

/// The extension file of a certificate: the wanted lines and a SAN.
std::string extension_text(const Wanted& wanted) {
  std::string text = wanted.extensions;
  if (!wanted.emails.empty()) {
    text += "subjectAltName=";
    for (const std::string& email : wanted.emails) {
      text += fmt::format("{}email:{}", text.back() == '=' ? "" : ",", email);
    }
    text += "\n";
  }
  return text;
}

}  // namespace

std::string sh(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) {
    throw std::runtime_error("popen: " + command);
  }
  std::string out = read_all(pipe);
  const int status = pclose(pipe);
  if (status != 0) {
    throw std::runtime_error(fmt::format("status {}: {}", WEXITSTATUS(status), command));
  }
  return out;
}

std::string sh(const std::string& command, std::string_view input) {
  const TempDir dir;
  spit(dir / "input", input);
  return sh(fmt::format("( {} ) < {}", command, dir / "input"));
}

int sh_status(const std::string& command) {
  const int status = std::system(fmt::format("( {} ) >/dev/null 2>&1", command).c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

TempDir::TempDir() {
  std::string name = (std::filesystem::temp_directory_path() / "paraph-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    throw std::runtime_error("mkdtemp: " + name);
  }
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw std::runtime_error("cannot read " + path);
  }
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void spit(const std::string& path, std::string_view octets) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(octets.data(), static_cast<std::streamsize>(octets.size()));
  if (!file.flush()) {
    throw std::runtime_error("cannot write " + path);
  }
}

std::string crlf(std::string_view text) {
  std::string out;
  char before = '\0';
  for (const char c : text) {
    if (c == '\n' && before != '\r') {
      out += '\r';
    }
    out += before = c;
  }
  return out;
}

const Pki& Pki::shared() {
  static const Pki pki;
  return pki;
}

Pki::Pki() {
  issue({.name = "ca",
         .issuer = "self",
         .extensions = Wanted::kCaExtensions,
         .subject = "/O=Paraph test/CN=Paraph test root"});
  issue({.name = "alice", .emails = {"alice@example.org"}});
  issue({.name = "bob", .emails = {"bob@example.org"}});
  issue({.name = "carol", .emails = {"carol@example.org"}, .key = "ec:P-256"});
  issue({.name = "list", .emails = {"list@example.org", "list-request@example.org"}});
  issue({.name = "expired", .emails = {"alice@example.org"}, .to = "20260601000000Z"});
  issue({.name = "mallory", .emails = {"alice@example.org"}, .issuer = "self"});
}

void Pki::issue(const Wanted& wanted) const {
  if (std::filesystem::exists(cert_path(wanted.name))) {
    return;
  }
  const std::string base = path(wanted.name);
  const std::string subject =
      wanted.subject.empty() ? "/O=Paraph test/CN=" + wanted.name : wanted.subject;
  const std::string issuer = wanted.issuer == "self" ? wanted.name : wanted.issuer;
  spit(base + ".ext", "[ext]\n" + extension_text(wanted));
  // `openssl ca` is the one command of OpenSSL 3.0 that takes both dates.
  spit(base + ".cnf",
       fmt::format(
           "[ca]\ndefault_ca=ca\n[ca]\ndatabase={0}.db\nnew_certs_dir={1}\npolicy=any\n"
           "rand_serial=yes\nunique_subject=no\nemail_in_dn=yes\n[any]\ncountryName=optional\n"
           "organizationName=optional\ncommonName=optional\nemailAddress=optional\n"
           "[req]\ndistinguished_name=dn\n[dn]\n",
           base, dir_.path().string()));
  spit(base + ".db", "");
  const bool has_extensions = !wanted.extensions.empty() || !wanted.emails.empty();
  if (!std::filesystem::exists(key_path(wanted.name))) {
    sh(fmt::format("openssl genpkey {} -out {}.key 2>/dev/null", genpkey(wanted.key), base));
  }
  sh(fmt::format("openssl req -new -config {0}.cnf -utf8 -key {0}.key -subj '{1}' -out {0}.csr",
                 base, subject));
  sh(fmt::format(
      "openssl ca -batch -notext -config {0}.cnf -md {1} -startdate {2} -enddate {3} -in {0}.csr "
      "-out {0}.pem {4} {5} -preserveDN 2>{0}.log || (cat {0}.log >&2; false)",
      base, wanted.digest, wanted.from, wanted.to,
      wanted.issuer == "self"
          ? fmt::format("-selfsign -keyfile {}.key", base)
          : fmt::format("-cert {} -keyfile {}", cert_path(issuer), key_path(issuer)),
      has_extensions ? fmt::format("-extfile {}.ext -extensions ext", base) : std::string()));
}

std::string Pki::sign(std::string_view content, std::string_view signer,
                      const std::string& options) const {
  return sh(fmt::format("openssl cms -sign -binary -outform DER -signer {} -inkey {} {}",
                        cert_path(signer), key_path(signer), options),
            content);
}

std::string Pki::encrypt(std::string_view content, const std::vector<std::string>& recipients,
                         const std::string& options) const {
  std::string certificates;
  for (const std::string& name : recipients) {
    certificates += " -recip " + cert_path(name);
  }
  return sh(fmt::format("openssl cms -encrypt -binary -outform DER {}{}", options, certificates),
            content);
}

std::string Pki::decrypt(std::string_view cms_der, std::string_view recipient) const {
  return sh(fmt::format("openssl cms -decrypt -binary -inform DER -recip {} -inkey {}",
                        cert_path(recipient), key_path(recipient)),
            cms_der);
}

}  // namespace paraph::testing
