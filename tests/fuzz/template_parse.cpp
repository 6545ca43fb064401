// Laws: rendering never crashes and ends within its limits, in text or in an Error that names file
// and line.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "template/template.h"

using namespace paraph;
using namespace paraph::tt2;

namespace {

void require(bool law) {
  if (!law) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Loader loader = [&](std::string_view name) -> std::optional<Source> {
    require(name.find("..") == std::string_view::npos && name.front() != '/');
    if (name == "main" || name == "self") return Source{text, "main.tt2"};
    if (name == "info") return Source{"[% name %] info", "info"};
    return std::nullopt;
  };
  const Data facts{
      {"name", "Ann"},
      {"x", "1"},
      {"list",
       Value::of(std::map<std::string, Value>{{"name", "secure"}, {"domain", "example.org"}})},
      {"items", Value::of(std::vector<Value>{"a", "b", Value::of(std::vector<Value>{"c"})})}};
  const auto out = render("main", loader, facts);
  if (out) {
    require(out->size() <= 10U * 1024 * 1024);
  } else {
    require(out.error().what().find(':') != std::string::npos);
  }
  return 0;
}
