// edit PARAPH-CONF LIST FILE…: writes FILE.edited, the message with the header of a list post, by the very function that
// distribution uses. Only the header section may differ; run.py judges both.
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "config/site.h"
#include "mail/entity.h"
#include "pipeline/list_header.h"

using namespace paraph;

int main(int argc, char** argv) {
  const auto site = config::Site::load(argc > 2 ? argv[1] : "");
  const auto list = list::ListAddress::parse(argc > 2 ? argv[2] : "", "lists.example.org");
  if (!site || !list) {
    std::cerr << "usage: edit PARAPH-CONF LIST FILE…\n";
    return 64;
  }
  const auto config = config::ListConfig::load(*site, *list);
  if (!config) {
    std::cerr << "no list " << argv[2] << '\n';
    return 66;
  }
  for (int i = 3; i < argc; ++i) {
    std::ifstream in(argv[i], std::ios::binary);
    const std::string octets{std::istreambuf_iterator<char>(in), {}};
    const mail::MimeTree tree = mail::scan(mail::RawMessage(octets));
    const mail::RawMessage edited = pipeline::with_list_header(tree, *config, *site);
    const std::string_view body = tree.message().at(tree.root().body);
    const std::string_view after = edited.octets();
    const bool kept =
        after.size() >= body.size() && after.substr(after.size() - body.size()) == body;
    std::ofstream out(std::string(argv[i]) + ".edited", std::ios::binary);
    out << after;
    if (!in || !out.flush() || !kept || after == octets) {
      std::cerr << argv[i]
                << (kept ? ": unreadable, unwritable or unchanged" : ": the body changed") << '\n';
      return 1;
    }
  }
  return 0;
}
