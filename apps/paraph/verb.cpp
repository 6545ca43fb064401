#include "apps/paraph/verb.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

#include "base/ascii.h"
#include "base/utf8.h"
#include "mail/address.h"
#include "sys/file_system.h"
#include "sys/process.h"

namespace paraph::app {
namespace {

constexpr std::size_t kMaxInput = 256U << 20;

// Width on a terminal, near enough: code points.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80;
  }));
}

}  // namespace

std::string Invocation::option(std::string_view name) const {
  const auto found = options.find(name);
  return found == options.end() ? std::string{} : found->second;
}

std::vector<std::string> Invocation::all(std::string_view name) const {
  const auto found = repeated.find(name);
  return found == repeated.end() ? std::vector<std::string>{} : found->second;
}

Invocation::Invocation(std::string config)
    : config_(std::move(config)), caller_(sys::user_name(sys::current_uid())) {
  const char* sudo_user = std::getenv("SUDO_USER");
  if (sudo_user != nullptr && *sudo_user != '\0') caller_ = utf8::printable(sudo_user, 64);
}

void Invocation::name_warnings(const config::Site& site) const {
  for (const auto& warning : site.warnings())
    warn(fmt::format("{}:{}: {}", warning.file, warning.line, warning.message));
}

Result<const config::Site*> Invocation::site() {
  if (runtime_) return &runtime_->site();
  if (!site_) {
    auto loaded = Runtime::load_site(config_);
    if (!loaded) return std::move(loaded).error();
    site_ = std::move(*loaded);
    if (!quiet_about_configuration) name_warnings(*site_);
  }
  return &*site_;
}

Result<std::unique_ptr<Runtime>> Invocation::open_runtime() const {
  if (!verb->only_asks) return Runtime::open(config_, program, sys::Level::warning);
  auto site = Runtime::load_site(config_);
  if (!site) return std::move(site).error();
  return Runtime::open_for_reading(std::move(*site), program);
}

Result<Runtime*> Invocation::runtime() {
  if (!runtime_) {
    auto opened = open_runtime();
    if (!opened) return std::move(opened).error();
    runtime_ = std::move(*opened);
    if (!site_ && !quiet_about_configuration) name_warnings(runtime_->site());
  }
  return runtime_.get();
}

std::string Invocation::list_word() const {
  if (verb->list_by_option) return option("list");
  return verb->names_list && !arguments.empty() ? arguments[0] : std::string();
}

Result<list::ListAddress> Invocation::list(std::size_t index) {
  auto opened = site();
  if (!opened) return std::move(opened).error();
  auto resolved = (*opened)->resolve_list(verb->list_by_option ? list_word() : arguments[index]);
  if (!resolved && resolved.error().hint().empty())
    return std::move(resolved).error().with_hint("paraph lists");
  return resolved;
}

void Invocation::print(const Json& value, const std::string& text) const {
  if (json)
    fmt::print("{}\n", value.dump(2, ' ', false, Json::error_handler_t::replace));
  else
    fmt::print("{}", text);
}

void Invocation::say(const std::string& text) {
  fmt::print(stderr, "{}\n", utf8::printable(text, 4000));
}
void Invocation::warn(const std::string& text) {
  fmt::print(stderr, "{}: warning: {}\n", program, utf8::printable(text, 4000));
}
void Invocation::hint(const std::string& text) {
  fmt::print(stderr, "{}: hint: {}\n", program, utf8::printable(text, 4000));
}

AddressInput parse_addresses(std::string_view text) {
  AddressInput input;
  std::size_t number = 0;
  for (const auto line : ascii::lines(text)) {
    ++number;
    const auto trimmed = ascii::trim(line);
    if (trimmed.empty() || trimmed.front() == '#') continue;
    const auto end = std::min(trimmed.find_first_of(" \t"), trimmed.size());
    if (const auto address = mail::AddrSpec::parse(trimmed.substr(0, end)))
      input.good.push_back({address->canonical(), std::string(ascii::trim(trimmed.substr(end)))});
    else
      input.bad.push_back(
          fmt::format("line {}: not an address: {}", number, trimmed.substr(0, end)));
  }
  return input;
}

Result<AddressInput> read_addresses(const Invocation& call, std::size_t first) {
  if (call.arguments.size() <= first) {
    auto text = sys::read_file("-", kMaxInput);
    if (!text) return std::move(text).error();
    return parse_addresses(*text);
  }
  AddressInput input;
  for (std::size_t i = first; i < call.arguments.size(); ++i) {
    if (const auto address = mail::AddrSpec::parse(call.arguments[i]))
      input.good.push_back({address->canonical(), {}});
    else
      input.bad.push_back("not an address: " + call.arguments[i]);
  }
  return input;
}

std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t limit) {
  std::vector<std::vector<std::string>> cells;
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    auto& line = cells.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i) {
      line.push_back(utf8::printable(row[i], limit));
      if (widths.size() <= i) widths.push_back(0);
      widths[i] = std::max(widths[i], width(line.back()));
    }
  }
  std::string text;
  for (const auto& line : cells) {
    std::string printed;
    for (std::size_t i = 0; i < line.size(); ++i) {
      printed += line[i];
      if (i + 1 < line.size()) printed += std::string(widths[i] - width(line[i]) + 2, ' ');
    }
    text += std::string(ascii::trim_right(printed)) + "\n";
  }
  return text;
}

Json describe(const cms::Certificate& certificate) {
  return {{"subject", certificate.subject()},
          {"issuer", certificate.issuer()},
          {"serial", certificate.serial()},
          {"sha256", certificate.sha256()},
          {"not_before", iso8601(certificate.not_before())},
          {"not_after", iso8601(certificate.not_after())},
          {"key", certificate.key_description()},
          {"emails", certificate.emails()}};
}

Result<int> version(Invocation& call) {
  call.print({{"version", PARAPH_VERSION}}, fmt::format("paraph {}\n", PARAPH_VERSION));
  return kOk;
}

}  // namespace paraph::app
