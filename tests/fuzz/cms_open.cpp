// Laws of opening, for any mail and any CMS object in one: the same octets get the same judgement; `smime` is only ever said of
// the one text that Alice signed (keys/signed.txt: no key of hers is here), with everything that it promises; without
// anchors it is never said, and without our keys nothing encrypted opens.
//
// Octets that start like DER are put into mail, as a whole object and as a detached signature; others are a mail themselves.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "mail/address.h"
#include "smime/open.h"

using namespace paraph;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::string slurp(const std::string& name) {
  std::ifstream in(std::string(PARAPH_SOURCE_DIR) + "/tests/fuzz/keys/" + name, std::ios::binary);
  require(in.good());
  return {std::istreambuf_iterator<char>(in), {}};
}

cms::Certificate certificate(const std::string& name) {
  return cms::Certificate::from_pem(slurp(name + ".pem")).value().front();
}

/// What stays the same from input to input.
struct World {
  std::string text = slurp("signed.txt");
  smime::OpenContext full, untrusting, keyless;

  World() {
    full.at = parse_time("2030-01-01T00:00:00Z").value();
    full.own_addresses = {"secure@lists.example.org"};
    full.stored = {certificate("alice")};
    full.max_layers = 4;
    full.max_octets = 1U << 20;
    keyless = full;
    keyless.anchors = cms::TrustAnchors::from({certificate("ca")});
    for (const std::string name : {"list", "list-ec"}) {
      full.keys.ours.push_back(
          {certificate(name), cms::PrivateKey::from_pem(slurp(name + ".key"), "").value()});
    }
    untrusting = full;
    full.anchors = keyless.anchors;
  }
};

bool is_encrypted(const smime::Layer& layer) {
  return layer.type == smime::LayerType::enveloped_data ||
         layer.type == smime::LayerType::auth_enveloped_data;
}

void check_smime(const smime::Opened& opened, const World& world) {
  const smime::Protection& p = opened.protection;
  require(p.signature.status == smime::SignatureStatus::valid && p.fully_opened && !p.must_wait);
  require(p.signature.covers_whole_message && !p.signature.signers.empty());
  require(p.from.size() == 1);
  const auto sender = mail::AddrSpec::parse(p.from.front());
  require(sender && sender->canonical() == "alice@example.org");
  for (const smime::Signer& signer : p.signature.signers) {
    require(signer.status == smime::SignatureStatus::valid && signer.certificate);
    require(signer.certificate->names("alice@example.org"));
  }
  // What Alice did not sign is not hers, and what she signed is all that a reader is shown.
  require(opened.innermost.has_value());
  require(mail::canonical_crlf(opened.innermost->reveal().octets()) == world.text);
  const auto learned = smime::learnable(p);
  require(!learned || learned->address == "alice@example.org");
}

void check(const smime::Opened& opened, const World& world, const smime::OpenContext& context) {
  const smime::Protection& p = opened.protection;
  require(p.layers.size() <= context.max_layers + 1);  // one more is named, not opened
  const bool encrypted = std::any_of(p.layers.begin(), p.layers.end(), is_encrypted);
  require(encrypted == p.encrypted);
  for (const smime::Layer& layer : p.layers) {
    require(layer.opened || !is_encrypted(layer) || !p.fully_opened);
    require(!is_encrypted(layer) || layer.signature.status == smime::SignatureStatus::none);
  }
  require(!opened.payload || p.encrypted);
  require(!opened.innermost || p.fully_opened);
  require(p.smime || !p.reasons.empty());
  for (auto at = p.reasons.begin(); at != p.reasons.end(); ++at) {
    require(std::find(at + 1, p.reasons.end(), *at) == p.reasons.end());
  }
  if (p.smime) {
    check_smime(opened, world);
  } else {
    require(!smime::learnable(p) && !p.companion);
  }
}

void check_mail(const std::string& octets, const World& world) {
  const auto tree = mail::scan(mail::RawMessage(octets));
  const smime::Opened opened = smime::open(tree, world.full);
  check(opened, world, world.full);

  const smime::Opened again = smime::open(tree, world.full);
  require(again.protection.reasons == opened.protection.reasons);
  require(again.protection.smime == opened.protection.smime);
  require(again.protection.signature.status == opened.protection.signature.status);
  require(again.payload.has_value() == opened.payload.has_value());
  require(!opened.payload || again.payload->reveal().octets() == opened.payload->reveal().octets());

  // Trust opens nothing and closes nothing; it only decides whom to believe.
  const smime::Opened alone = smime::open(tree, world.untrusting);
  check(alone, world, world.untrusting);
  require(!alone.protection.smime);
  require(alone.protection.layers.size() == opened.protection.layers.size());
  require(alone.payload.has_value() == opened.payload.has_value());

  const smime::Opened shut = smime::open(tree, world.keyless);
  check(shut, world, world.keyless);
  require(!shut.payload);
  require(!shut.protection.encrypted || !shut.protection.fully_opened);
  require(!shut.protection.encrypted || !shut.protection.smime);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const World world;
  const std::string octets(reinterpret_cast<const char*>(data), size);
  if (octets.empty() || octets[0] != '\x30') {
    check_mail(octets, world);
    return 0;
  }
  const std::string header = "From: alice@example.org\r\nMIME-Version: 1.0\r\nContent-Type: ";
  const std::string binary = "Content-Transfer-Encoding: binary\r\n\r\n" + octets;
  check_mail(header + "application/pkcs7-mime; name=smime.p7m\r\n" + binary, world);
  check_mail(header +
                 "multipart/signed; boundary=b; protocol=\"application/pkcs7-signature\"\r\n\r\n"
                 "--b\r\n" +
                 world.text + "\r\n--b\r\nContent-Type: application/pkcs7-signature\r\n" + binary +
                 "\r\n--b--\r\n",
             world);
  return 0;
}
