// Laws of the scanner, for any octets and for narrow as well as wide limits: every range lies
// inside the message, children stand inside their parent's body, in order and apart, the links are
// those of a tree, and no limit is passed.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "mail/address.h"
#include "mail/entity.h"

using namespace paraph::mail;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

bool inside(const ByteRange& inner, const ByteRange& outer) {
  return inner.offset >= outer.offset && inner.end() <= outer.end() && inner.end() >= inner.offset;
}

void check_entity(const MimeTree& tree, const Entity& entity, const ScanLimits& limits) {
  require(inside(entity.whole, {0, tree.message().size()}));
  require(inside(entity.header, entity.whole));
  require(inside(entity.body, entity.whole));
  require(entity.header.end() <= entity.body.offset && entity.body.end() == entity.whole.end());
  require(entity.header.length <= limits.header_octets);
  require(entity.fields.size() <= limits.fields);
  require(entity.depth <= limits.depth);
  std::size_t at = entity.header.offset;
  for (const auto& field : entity.fields) {
    require(inside(field.whole, entity.header) && field.whole.offset == at);
    require(inside(field.name, field.whole) && inside(field.body, field.whole));
    require(field.name.end() < field.body.offset || field.body.empty());
    at = field.whole.end();
  }
  require(at == entity.header.end());
}

void check_links(const MimeTree& tree, std::size_t index) {
  const auto& parent = tree.entities()[index];
  std::size_t at = parent.body.offset;
  std::size_t last = index;
  for (const auto i : tree.children(index)) {
    const auto& child = tree.entities().at(i);
    require(i > last && child.parent == index && child.depth == parent.depth + 1);
    require(inside(child.whole, parent.body) && child.whole.offset >= at);
    at = child.whole.end();
    last = i;
  }
}

void check(const std::string& octets, const ScanLimits& limits) {
  const auto tree = scan(RawMessage(octets), limits);
  require(tree.message().octets() == octets);
  require(!tree.entities().empty() && tree.entities().size() <= limits.parts);
  require(tree.root().whole == ByteRange{0, octets.size()} && tree.root().parent == Entity::kNone);
  std::size_t linked = 1;
  std::size_t fields = 0;
  auto defects = Defect::none;
  for (std::size_t i = 0; i < tree.entities().size(); ++i) {
    check_entity(tree, tree.entities()[i], limits);
    check_links(tree, i);
    fields += tree.entities()[i].fields.size();
    linked += tree.children(i).size();
    defects |= tree.entities()[i].defects;
  }
  require(fields <= limits.all_fields);
  require(linked == tree.entities().size());
  require(defects == tree.defects());
}

// What callers do with an entity. No result is expected, but neither is a fault.
void read_everything(const MimeTree& tree) {
  for (const auto& entity : tree.entities()) {
    for (const auto& field : entity.fields) {
      const auto text = tree.unfolded(field);
      (void)decode_words(text);
      (void)parse_address_list(tree.message().at(field.body));
      (void)parse_content_type(tree.message().at(field.body));
      (void)parse_content_disposition(text);
      (void)canonical_message_id(text);
    }
    (void)decode_body(tree.message().at(entity.body), entity.transfer_encoding);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string octets(reinterpret_cast<const char*>(data), size);
  check(octets, {});
  check(octets, {3, 6, 120, 4, 9});
  read_everything(scan(RawMessage(octets)));

  // Transfer codings lose nothing but the kind of line end.
  const auto crlf = canonical_crlf(octets);
  require(canonical_crlf(crlf) == crlf);
  const auto decoded =
      decode_body(quoted_printable_encode(octets), TransferEncoding::quoted_printable);
  require(decoded && canonical_crlf(*decoded) == crlf);
  return 0;
}
