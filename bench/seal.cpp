// Sealing against the bare public-key operation over the same 10,000 keys with kept contexts, and
// against handing over ready-made octets. The way of distribution: recipient cache with its look at
// the files, copy, writev.

#include <openssl/rsa.h>
#include <sys/socket.h>

#include <array>
#include <map>
#include <thread>

#include "bench.h"
#include "cms/ciphers.h"
#include "cms/recipient.h"
#include "delivery/socket.h"
#include "members.h"
#include "smime/seal.h"
#include "store/recipients.h"
#include "store/store.h"

using namespace paraph;
using bench::must;

namespace {

constexpr std::size_t kMembers = 10'000;
constexpr std::size_t kPacket = 250;
constexpr int kRounds = 11;

const std::string kHeader = [] {
  std::string header;
  while (header.size() < 700) header += "X-Field: what a list's header has in it, more or less\n";
  return header;
}();

smime::SealedPost post_of(std::size_t octets) {
  std::string content = "Content-Type: text/plain\n\n";
  while (content.size() < octets) content += "A line of text of some sixty octets, as mail has.\n";
  content.resize(octets);
  return must(
      smime::SealedPost::prepare(kHeader, Sealed(mail::RawMessage(std::move(content))),
                                 cms::ContentCipher::aes_256_cbc, smime::SealedPost::LineEnd::crlf),
      "prepare");
}

/// People, their certificates on disk, the database, and OpenSSL's contexts for the bare side.
class Site {
 public:
  explicit Site(cms::KeyPtr (*make_key)()) {
    std::filesystem::create_directory(scratch_ / "certs");
    people_ = bench::make_people(kMembers, make_key, scratch_ / "certs");
    fs_ = bench::must(sys::open_root(scratch_ / "certs"), "certificates");
    database_ = bench::must(store::Database::open(scratch_ / "db.sqlite"), "database");
    for (const auto& person : people_) addresses_.push_back(person.address);
    bench::must(bool(open()->learn(addresses_, terms())), "learn");
  }

  [[nodiscard]] std::unique_ptr<store::Recipients> open() {
    return store::open_recipients(fs_, database_->recipient_records());
  }
  /// Made once for a packet; the time moves on with each copy.
  [[nodiscard]] store::SealTerms terms() const {
    return {.at = sys::SystemClock().now(), .trust = trust_};
  }
  [[nodiscard]] const std::vector<bench::Person>& people() const { return people_; }

  /// The copies of [begin, end) as distribution makes them, one packet.
  template <class Sink>
  void seal(store::Recipients& recipients, smime::SealedPost& post, std::size_t begin,
            std::size_t end, const Sink& sink) {
    const std::vector<std::string>& packet = packet_of(begin, end);
    store::SealTerms terms = this->terms();
    bench::must(bool(recipients.prefetch(packet, terms)), "prefetch");
    for (const auto& address : packet) {
      terms.at = sys::SystemClock().now();
      const auto target = bench::must(recipients.find(address, terms), "find");
      if (target.recipient == nullptr) bench::fail(target.problem);
      const auto copy = bench::must(post.copy_for(*target.recipient), "copy");
      sink(copy);
    }
  }

 private:
  /// As a claim holds them, made once: who is in a packet is read with its header, sealed or not.
  const std::vector<std::string>& packet_of(std::size_t begin, std::size_t end) {
    auto& packet = packets_[{begin, end}];
    if (packet.empty())
      packet.assign(addresses_.begin() + static_cast<std::ptrdiff_t>(begin),
                    addresses_.begin() + static_cast<std::ptrdiff_t>(end));
    return packet;
  }

  std::shared_ptr<const store::SealTrust> trust_ =
      store::make_trust(cms::TrustAnchors::from(bench::must(
                            cms::Certificate::from_pem(bench::authority_pem()), "authority")),
                        {.check = cms::CrlCheck::soft}, false);
  bench::Scratch scratch_;
  std::map<std::pair<std::size_t, std::size_t>, std::vector<std::string>> packets_;
  std::vector<bench::Person> people_;
  std::vector<std::string> addresses_;
  std::shared_ptr<sys::FileSystem> fs_;
  std::unique_ptr<store::Database> database_;
};

class BareRsa {
 public:
  explicit BareRsa(const std::vector<bench::Person>& people) {
    for (const auto& person : people) {
      cms::KeyContextPtr context(
          EVP_PKEY_CTX_new_from_pkey(cms::library(), person.key.get(), nullptr));
      EVP_PKEY_encrypt_init(context.get());
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING);
      contexts_.push_back(std::move(context));
    }
  }
  void operator()(std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      std::size_t length = out_.size();
      must(
          EVP_PKEY_encrypt(contexts_[i].get(), out_.data(), &length, key_.data(), key_.size()) == 1,
          "bare encryption");
    }
  }

 private:
  std::vector<cms::KeyContextPtr> contexts_;
  std::array<unsigned char, 32> key_{};
  std::array<unsigned char, 512> out_{};
};

/// One ephemeral key, ECDH without a check of the peer, X9.63 KDF, AES key wrap.
class BareEc {
 public:
  explicit BareEc(const std::vector<bench::Person>& people)
      : people_(people),
        ours_(bench::p256_key()),
        context_(EVP_PKEY_CTX_new_from_pkey(cms::library(), ours_.get(), nullptr)),
        digest_(EVP_MD_CTX_new()),
        wrap_(EVP_CIPHER_CTX_new()) {
    EVP_PKEY_derive_init(context_.get());
    EVP_CIPHER_CTX_set_flags(wrap_.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  }
  void operator()(std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      std::size_t length = z_.size();
      int wrapped = 0;
      must(EVP_PKEY_derive_set_peer_ex(context_.get(), people_[i].key.get(), 0) == 1 &&
               EVP_PKEY_derive(context_.get(), z_.data(), &length) == 1 &&
               EVP_DigestInit_ex2(digest_.get(), cms::fetched_sha256(), nullptr) == 1 &&
               EVP_DigestUpdate(digest_.get(), z_.data(), length) == 1 &&
               EVP_DigestUpdate(digest_.get(), info_.data(), info_.size()) == 1 &&
               EVP_DigestFinal_ex(digest_.get(), kek_.data(), nullptr) == 1 &&
               EVP_EncryptInit_ex2(wrap_.get(), cms::fetched_aes256_wrap(), kek_.data(), nullptr,
                                   nullptr) == 1 &&
               EVP_EncryptUpdate(wrap_.get(), out_.data(), &wrapped, key_.data(), 32) == 1,
           "bare agreement");
    }
  }

 private:
  const std::vector<bench::Person>& people_;
  cms::KeyPtr ours_;
  cms::KeyContextPtr context_;
  cms::DigestContextPtr digest_;
  cms::CipherContextPtr wrap_;
  std::array<unsigned char, 32> z_{}, kek_{}, key_{};
  std::array<unsigned char, 27> info_{};
  std::array<unsigned char, 48> out_{};
};

std::string per_second(double rate, std::string_view what) {
  return fmt::format("{:.0f} {}/s", rate, what);
}

/// 10 KB to /dev/null: warm, then with an empty cache and what import stored.
void rates(Site& site, std::string_view name, std::string_view warm_owed,
           std::string_view cold_owed, const bench::Slice& bare) {
  const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  const auto sink = [null](const smime::SealedPost::Copy& copy) {
    bench::write_pieces(null, copy.front, copy.tail);
  };
  auto warm = site.open();
  const auto ours = [&](store::Recipients& recipients, std::size_t begin, std::size_t end) {
    auto post = post_of(10'000);  // one encryption a packet, as distribution has
    site.seal(recipients, post, begin, end, sink);
  };
  ours(*warm, 0, kMembers);
  bare(0, kMembers);
  const auto kept = bench::interleave(kMembers, kPacket, kRounds, bare,
                                      [&](auto begin, auto end) { ours(*warm, begin, end); });
  bench::row(fmt::format("sealing 10 KB, {}, 10,000 members, warm, /dev/null", name), warm_owed,
             kept.percent(), per_second(kept.ours, "copies"), per_second(kept.bare, "bare"));
  std::vector<std::unique_ptr<store::Recipients>> cold;
  const auto fresh = bench::interleave(kMembers, kPacket, 5, bare, [&](auto begin, auto end) {
    // The cache of the round before stays: a process that begins has none to take down.
    if (begin == 0) cold.push_back(site.open());
    ours(*cold.back(), begin, end);
  });
  bench::row(fmt::format("the same, cold: records of the database, {}", name), cold_owed,
             fresh.percent(), per_second(fresh.ours, "copies"), per_second(fresh.bare, "bare"));
  ::close(null);
}

/// Takes octets away on the other core.
class Drain {
 public:
  explicit Drain(int fd)
      : reader_([fd] {
          std::string buffer(1 << 20, '\0');
          while (::read(fd, buffer.data(), buffer.size()) > 0) {
          }
          ::close(fd);
        }) {}
  ~Drain() { reader_.join(); }

 private:
  std::thread reader_;
};

void hand_over(Site& site, store::Recipients& recipients, std::string_view name, std::size_t octets,
               const std::function<void(std::string_view, std::string_view)>& send) {
  constexpr std::size_t kCopies = 400;
  auto post = post_of(octets);
  // One for each alignment of the base64, as ours takes turns with three tails.
  std::vector<std::string> ready;
  site.seal(recipients, post, 0, 3,
            [&](const smime::SealedPost::Copy& copy) { ready.push_back(copy.str()); });
  const auto sides = bench::interleave(
      kCopies, 20, 7,
      [&](std::size_t begin, std::size_t end) {
        for (; begin < end; ++begin) send(ready[begin % ready.size()], {});
      },
      [&](std::size_t begin, std::size_t end) {
        site.seal(recipients, post, begin, end,
                  [&](const smime::SealedPost::Copy& copy) { send(copy.front, copy.tail); });
      });
  bench::row(
      fmt::format("sealing 1 MB into a draining {}", name), "≥ 75 %", sides.percent(),
      per_second(sides.ours, "copies"), per_second(sides.bare, "ready-made"),
      fmt::format("{:.2f} GB/s", sides.ours * static_cast<double>(ready.front().size()) / 1e9));
}

void into_pipe(Site& site, store::Recipients& recipients) {
  std::array<int, 2> ends{};
  must(::pipe2(ends.data(), O_CLOEXEC) == 0, "pipe");
  ::fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
  const Drain drain(ends[0]);
  hand_over(site, recipients, "pipe", 1'000'000,
            [&](std::string_view front, std::string_view tail) {
              bench::write_pieces(ends[1], front, tail);
            });
  ::close(ends[1]);
}

void into_socket(Site& site, store::Recipients& recipients) {
  std::array<int, 2> ends{};
  must(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0, "socketpair");
  const Drain drain(ends[0]);
  ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
  delivery::Socket socket(ends[1]);
  hand_over(site, recipients, "socket", 1'000'000,
            [&](std::string_view front, std::string_view tail) {
              must(bool(socket.send({front, tail}, std::chrono::seconds(10))), "send");
            });
}

/// What a member costs must not grow with the post.
void growth(Site& site, store::Recipients& recipients) {
  struct Size {
    std::string_view name;
    std::size_t octets;
    std::vector<double> prepare, encode, member;
  };
  std::vector<Size> sizes = {{"10 KB", 10'000, {}, {}, {}},
                             {"1 MB", 1'000'000, {}, {}, {}},
                             {"10 MB", 10'000'000, {}, {}, {}}};
  constexpr std::size_t kCopies = 1'000;
  for (int round = 0; round < 7; ++round) {
    for (auto& size : sizes) {
      std::optional<smime::SealedPost> post;
      std::size_t octets = 0;
      const auto sink = [&](const smime::SealedPost::Copy& copy) { octets += copy.tail.size(); };
      size.prepare.push_back(bench::seconds([&] { post = post_of(size.octets); }));
      // Serial numbers of three lengths: all three base64 texts are made here.
      size.encode.push_back(bench::seconds([&] { site.seal(recipients, *post, 0, 3, sink); }));
      size.member.push_back(
          bench::seconds([&] { site.seal(recipients, *post, 0, kCopies, sink); }) / kCopies);
      must(octets > 0, "nothing was sealed");
    }
  }
  const double first = bench::median(sizes.front().member);
  for (const auto& size : sizes)
    bench::row(fmt::format("wrap cost per member, {}", size.name), "flat",
               fmt::format("{:.0f} %", 100 * bench::median(size.member) / first),
               fmt::format("{:.1f} µs/member", 1e6 * bench::median(size.member)), "-",
               fmt::format("once per packet: {:.2f} ms encryption, {:.2f} ms base64",
                           1e3 * bench::median(size.prepare), 1e3 * bench::median(size.encode)));
}

}  // namespace

int main() {
  {
    Site rsa(bench::rsa_key);
    BareRsa bare(rsa.people());
    rates(rsa, "RSA-2048", "≥ 85 %", "≥ 45 %", std::ref(bare));
    auto recipients = rsa.open();
    into_pipe(rsa, *recipients);
    into_socket(rsa, *recipients);
    growth(rsa, *recipients);
  }
  Site ec(bench::p256_key);
  BareEc bare(ec.people());
  rates(ec, "P-256, one ephemeral key a packet", "≥ 80 %", "-", std::ref(bare));
  return EXIT_SUCCESS;
}
