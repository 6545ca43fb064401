#include "pipeline/receivers.h"

namespace paraph::pipeline {

namespace {
constexpr std::size_t kPage = 1000;
}

bool gets_copy(const list::Subscriber& member, std::string_view sender) {
  if (member.suspended || !list::receives_copies(member.reception)) return false;
  return member.reception != list::ReceptionMode::not_me || member.email != sender;
}

Result<std::vector<std::string>> Receivers::next() {
  std::vector<std::string> out;
  while (!last_ && out.empty()) {
    const auto page = directory_.members(list_, after_, kPage);
    if (!page) return page.error();
    last_ = page->size() < kPage;
    if (!page->empty()) after_ = page->back().email;
    for (const auto& member : *page)
      if (gets_copy(member, sender_)) out.push_back(member.email);
  }
  return out;
}

}  // namespace paraph::pipeline
