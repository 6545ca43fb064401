#include "apps/owner/identity.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "apps/owner/login_map.h"
#include "apps/owner/words.h"
#include "base/utf8.h"
#include "mail/address.h"
#include "sys/process.h"

namespace paraph::app {
namespace {

constexpr std::array<std::string_view, 2> kFor{"--for", "--as"};

Error denied(const std::string& what, const std::string& hint = "man paraph-owner") {
  return Error::never(Errc::denied, what).with_hint(hint);
}

/// --for ADDRESS or --for=ADDRESS, as the first argument; takes it out of `words`.
std::optional<std::string> take_for(std::vector<std::string>& words) {
  if (words.empty()) return std::nullopt;
  const auto cut = words[0].find('=');
  if (std::find(kFor.begin(), kFor.end(), words[0].substr(0, cut)) == kFor.end())
    return std::nullopt;
  const bool apart = cut == std::string::npos;
  const std::string address = !apart ? words[0].substr(cut + 1) : words.size() > 1 ? words[1] : "";
  words.erase(words.begin(),
              words.begin() + (apart ? std::min<std::ptrdiff_t>(2, std::ssize(words)) : 1));
  return address;
}

Result<Identity> through_sudo(const Start& start, unsigned uid, const std::string& path) {
  Identity identity;
  identity.login = sys::user_name(uid);
  identity.words = start.arguments;
  if (take_for(identity.words)) return denied("through sudo you are who you are: --for is refused");
  auto map = read_login_map(path);
  if (!map) return std::move(map).error();
  const auto found = map->find(identity.login);
  if (found == map->end())
    return denied(fmt::format("{} has no address in {}", utf8::printable(identity.login, 64), path),
                  "ask the listmaster");
  identity.address = found->second;
  return identity;
}

Result<Identity> told_who(const Start& start) {
  Identity identity;
  identity.words = start.arguments;
  const auto told = take_for(identity.words);
  if (!told) return denied("nobody says who you are: neither sudo nor a forced command of ssh");
  const auto address = mail::AddrSpec::parse(*told);
  if (!address)
    return Error::never(Errc::usage, "--for: not an address: " + utf8::printable(*told, 100));
  identity.address = address->canonical();
  identity.login = start.ssh_command ? "ssh" : sys::user_name(sys::current_uid());
  if (!identity.words.empty() || !start.ssh_command) return identity;
  auto words = command_words(*start.ssh_command);
  if (!words) return std::move(words).error();
  identity.words = std::move(*words);
  return identity;
}

}  // namespace

Result<Identity> identify(const Start& start, const std::string& map) {
  if (!start.sudo_uid && !start.sudo_user) return told_who(start);
  unsigned uid = 0;
  const std::string text = start.sudo_uid.value_or("");
  const auto* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, uid);
  if (text.empty() || read.ec != std::errc{} || read.ptr != end)
    return denied("SUDO_UID is no number: sudo did not set it");
  return uid == 0 ? told_who(start) : through_sudo(start, uid, map);
}

}  // namespace paraph::app
