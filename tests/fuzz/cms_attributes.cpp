// Laws of the signed attributes that are read by hand: SMIMECapabilities give words of the table, each once and in its
// order; SMIMEEncryptionKeyPreference names a certificate only by its own names.
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "cms/capabilities.h"
#include "cms/key_preference.h"

using namespace paraph;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

const cms::Certificate& alice() {
  static const auto certificate = [] {
    std::ifstream in(PARAPH_SOURCE_DIR "/tests/fuzz/keys/alice.pem");
    std::stringstream text;
    text << in.rdbuf();
    return cms::Certificate::from_pem(text.str())->front();
  }();
  return certificate;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string der(reinterpret_cast<const char*>(data), size);
  std::istringstream words(cms::stated_capabilities(der));
  const std::string order = "AES-256-GCM AES-256-CBC AES-128-CBC OAEP";
  std::size_t last = 0;
  for (std::string word; words >> word;) {
    const auto at = order.find(word);
    require(at != std::string::npos && at >= last);
    last = at + word.size();
  }
  if (cms::prefers(der, alice())) require(size > 2 && size < 4096);
  return 0;
}
