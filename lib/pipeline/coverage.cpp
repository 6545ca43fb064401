#include "pipeline/coverage.h"

#include <algorithm>

#include "pipeline/receivers.h"
#include "pipeline/sealing.h"

namespace paraph::pipeline {
namespace {

Result<ReaderState> state_of(const std::string& address, const config::ListConfig& config,
                             const Ports& ports) {
  auto target = seal_target(address, ports, &config);
  if (!target) return std::move(target).error();
  const std::string list = config.address().str();
  const auto standing = ports.notices.standing(address, list);
  if (!standing) return standing.error();
  const auto reminded = ports.notices.last_told(address, list, "reminder");
  if (!reminded) return reminded.error();
  ReaderState state;
  state.address = address;
  state.reads = target->certificate.has_value();
  if (state.reads) state.until = target->certificate->not_after();
  state.certificate = std::move(target->certificate);
  state.problem = std::move(target->problem);
  state.detail = std::move(target->detail);
  state.brief = std::move(target->brief);
  state.missed = standing->missed;
  state.asked = std::max(standing->told, *reminded);
  return state;
}

}  // namespace

Result<std::vector<ReaderState>> reader_states(const config::ListConfig& config,
                                               const Ports& ports) {
  std::vector<ReaderState> out;
  Receivers receivers(config.address(), {}, ports.directory);
  for (;;) {
    const auto page = receivers.next();
    if (!page) return page.error();
    if (page->empty()) break;
    for (const auto& address : *page) {
      auto state = state_of(address, config, ports);
      if (!state) return std::move(state).error();
      out.push_back(*std::move(state));
    }
  }
  const auto editors = ports.directory.admins(config.address(), list::Role::editor);
  if (!editors) return editors.error();
  const std::size_t members = out.size();
  for (const auto& editor : *editors) {
    const auto end = out.begin() + static_cast<std::ptrdiff_t>(members);
    const auto known = std::find_if(out.begin(), end,
                                    [&](const auto& each) { return each.address == editor.email; });
    if (known != end) {
      known->editor = true;
      continue;
    }
    auto state = state_of(editor.email, config, ports);
    if (!state) return std::move(state).error();
    state->member = false;
    state->editor = true;
    out.push_back(*std::move(state));
  }
  return out;
}

Result<Coverage> coverage_of(const config::ListConfig& config, const Ports& ports) {
  const auto terms = seal_terms(ports, &config);
  if (!terms) return terms.error();
  Coverage out;
  Receivers receivers(config.address(), {}, ports.directory);
  for (;;) {
    const auto page = receivers.next();
    if (!page) return page.error();
    if (page->empty()) return out;
    (void)ports.recipients.prefetch(*page, *terms);  // saves time, or does not
    for (const auto& address : *page) {
      const auto target = ports.recipients.find(address, *terms);
      ++out.all;
      if (target && target->recipient != nullptr) ++out.able;  // his trouble is his alone
    }
  }
}

}  // namespace paraph::pipeline
