#include "delivery/courier.h"

#include <fmt/core.h>

#include <array>

#include "base/ascii.h"
#include "base/utf8.h"
#include "delivery/maildir.h"
#include "delivery/sendmail.h"
#include "delivery/smtp.h"
#include "delivery/wire.h"

namespace paraph::delivery {
namespace {

struct Setting {
  std::string_view rest;  ///< of the URL, after the scheme
  std::string helo;
  const Clock& clock;
  Random& random;
};
using CourierPtr = std::unique_ptr<Courier>;  // null: the rest does not fit the scheme

CourierPtr open_maildir(const Setting& s) {
  if (s.rest.empty() || s.rest.front() != '/') return nullptr;
  return maildir_courier(std::string(s.rest), s.helo, s.clock, s.random);
}

CourierPtr open_sendmail(const Setting& s) {
  std::vector<std::string> command;
  for (const auto word : ascii::split(s.rest, " \t")) command.emplace_back(word);
  if (command.empty() || command.front().front() != '/') return nullptr;
  return sendmail_courier(std::move(command));
}

CourierPtr open_network(Protocol protocol, const Setting& s, std::string_view default_port) {
  auto endpoint = parse_endpoint(s.rest, default_port);
  return endpoint ? smtp_courier(protocol, std::move(*endpoint), s.helo, {}) : nullptr;
}

CourierPtr open_smtp(const Setting& s) {
  return open_network(Protocol::smtp, s, "25");
}
CourierPtr open_lmtp(const Setting& s) {
  return open_network(Protocol::lmtp, s, "24");
}

CourierPtr open_lmtp_unix(const Setting& s) {
  if (s.rest.empty() || s.rest.front() != '/') return nullptr;
  return smtp_courier(Protocol::lmtp, {"", "", std::string(s.rest)}, s.helo, {});
}

struct Scheme {
  std::string_view prefix;
  std::string_view form;
  CourierPtr (*open)(const Setting&);
};
constexpr std::array kSchemes{
    Scheme{"maildir:", "maildir:/dir", &open_maildir},
    Scheme{"sendmail:", "sendmail:/usr/sbin/sendmail [arguments]", &open_sendmail},
    Scheme{"smtp://", "smtp://host[:port]", &open_smtp},
    Scheme{"lmtp://", "lmtp://host[:port]", &open_lmtp},
    Scheme{"lmtp+unix:", "lmtp+unix:/path", &open_lmtp_unix},
};

Error config_error(std::string_view url, std::string what, std::string_view forms) {
  return Error::never(Errc::config,
                      fmt::format("transport {}: {}", utf8::printable(url, 200), what))
      .with_hint(fmt::format("transport is one of {}", forms));
}

std::string all_forms() {
  std::string forms;
  for (const auto& scheme : kSchemes)
    forms += (forms.empty() ? "" : ", ") + std::string(scheme.form);
  return forms;
}

}  // namespace

Result<std::unique_ptr<Courier>> open_courier(std::string_view url, std::string_view helo,
                                              const Clock& clock, Random& random) {
  url = ascii::trim(url);
  const std::string name(helo.empty() ? "localhost" : helo);
  if (!is_host_name(name))
    return config_error(url, "our own domain is not a host name", all_forms());
  for (const auto& scheme : kSchemes) {
    if (!ascii::istarts_with(url, scheme.prefix)) continue;
    auto courier = scheme.open({url.substr(scheme.prefix.size()), name, clock, random});
    if (!courier)
      return config_error(url, fmt::format("must look like {}", scheme.form), scheme.form);
    return courier;
  }
  return config_error(url, "unknown scheme, known are " + all_forms(), all_forms());
}

}  // namespace paraph::delivery
