// The incoming daemon's work per mail against the least that such work can cost: checking the
// signature with decoded certificates at hand, and making one file durable. As many processes on
// either side, rounds in turn, on the disk of $TMPDIR.

#include <fcntl.h>
#include <fmt/core.h>
#include <openssl/cms.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/encode.h"
#include "bench.h"
#include "cms/der.h"
#include "cms/openssl.h"
#include "cms/parts.h"
#include "pipeline/incoming.h"
#include "pipeline/priority.h"
#include "syncs.h"
#include "sys/file_system.h"

using namespace paraph;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kText = 10'000;
constexpr int kPosts = 200;  ///< of a process and round
constexpr int kRounds = 9;
constexpr int kGrowthRounds = 7;
constexpr const char* kDomain = "lists.example.org";

/// Shared by all processes.
struct Spent {
  bench::Syncs syncs;
  std::atomic<long> user_us{0};
  std::atomic<long> system_us{0};
};
Spent* spent = nullptr;

/// Ends the program: a benchmark has nothing to fall back on.
template <class T>
T must(T value, const char* what) {
  if (!value) {
    fmt::print(stderr, "bench_incoming: {}\n", what);
    std::exit(EXIT_FAILURE);
  }
  return value;
}

template <class T>
void check(const T& value, const char* what) {
  if (value) return;
  fmt::print(stderr, "bench_incoming: {}\n", what);
  std::exit(EXIT_FAILURE);
}

// --- a PKI: root, intermediate, signer

struct Holder {
  cms::KeyPtr key;
  cms::X509Ptr certificate;
};

void extend(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* made = must(X509V3_EXT_conf_nid(nullptr, &context, nid, value), "extension");
  X509_add_ext(certificate, made, -1);
  X509_EXTENSION_free(made);
}

Holder issue(const char* name, const Holder* issuer, const char* email) {
  Holder made{cms::KeyPtr(must(EVP_RSA_gen(2048), "no key")), cms::X509Ptr(X509_new())};
  X509* x509 = made.certificate.get();
  static long serial = 1;
  X509_set_version(x509, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x509), 86'400);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509* parent = issuer != nullptr ? issuer->certificate.get() : x509;
  X509_set_issuer_name(x509, X509_get_subject_name(parent));
  X509_set_pubkey(x509, made.key.get());
  const std::string address = fmt::format("email:{}", email);
  extend(x509, parent, NID_basic_constraints, *email == '\0' ? "critical,CA:TRUE" : "CA:FALSE");
  extend(x509, parent, NID_key_usage,
         *email == '\0' ? "critical,keyCertSign" : "critical,digitalSignature,keyEncipherment");
  if (*email != '\0') extend(x509, parent, NID_ext_key_usage, "emailProtection");
  if (*email != '\0') extend(x509, parent, NID_subject_alt_name, address.c_str());
  extend(x509, parent, NID_subject_key_identifier, "hash");
  const EVP_PKEY* signer = issuer != nullptr ? issuer->key.get() : made.key.get();
  check(X509_sign(x509, const_cast<EVP_PKEY*>(signer), EVP_sha256()), "cannot certify");
  return made;
}

std::string to_pem(const X509* x509, const EVP_PKEY* key = nullptr) {
  const cms::BioPtr out(BIO_new(BIO_s_mem()));
  if (key != nullptr)
    PEM_write_bio_PKCS8PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  else
    PEM_write_bio_X509(out.get(), x509);
  char* data = nullptr;
  const long length = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(length)};
}

struct Pki {
  Holder root = issue("Bench root", nullptr, "");
  Holder intermediate = issue("Bench intermediate", &root, "");
  Holder alice = issue("Alice", &intermediate, "alice@example.org");
  Holder list = issue("List", &intermediate, "few@lists.example.org");
};

// --- one signed post

struct Post {
  std::string message;
  std::string text;      ///< what is signed, as it is signed
  std::string stripped;  ///< the SignedData without its certificates
};

std::string detached(const Pki& pki, const std::string& text) {
  const cms::BioPtr source = cms::reader(text);
  STACK_OF(X509)* chain = sk_X509_new_null();
  sk_X509_push(chain, pki.intermediate.certificate.get());
  const cms::CmsPtr made(must(CMS_sign(pki.alice.certificate.get(), pki.alice.key.get(), chain,
                                       source.get(), CMS_DETACHED | CMS_BINARY),
                              "cannot sign"));
  sk_X509_free(chain);
  unsigned char* der = nullptr;
  const int length = i2d_CMS_ContentInfo(made.get(), &der);
  std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return out;
}

/// Each another one: the same twice would be a duplicate.
Post make_post(const Pki& pki) {
  static int number = 0;
  ++number;
  Post post;
  post.text = fmt::format("Content-Type: text/plain; charset=us-ascii\r\n\r\nPost {}.\r\n", number);
  while (post.text.size() < kText)
    post.text += "A line of words, as people write them to lists.\r\n";
  const std::string cms = detached(pki, post.text);
  post.message =
      "From: Alice <alice@example.org>\r\nTo: few@lists.example.org\r\nSubject: Words\r\n"
      "Message-ID: <" +
      std::to_string(number) +
      "@example.org>\r\nDate: Mon, 23 Nov 2026 12:00:00 +0000\r\nMIME-Version: "
      "1.0\r\n"
      "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256; "
      "boundary=\"bound\"\r\n\r\n--bound\r\n" +
      post.text +
      "\r\n--bound\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\n"
      "Content-Transfer-Encoding: base64\r\n\r\n" +
      base64_encode(cms, 64, "\r\n") + "--bound--\r\n";
  const auto parts = must(cms::signed_data_parts(cms), "SignedData");
  const auto info = cms::content_info(cms);
  cms::ber::Reader fields(info->content);
  const auto version = fields.next();
  const auto digests = fields.next();
  post.stripped = cms::make_content_info(parts->type_element,
                                         {version->whole, digests->whole, fields.next()->whole,
                                          cms::der::tlv(cms::der::kSet, {parts->signer_infos})});
  return post;
}

// --- the least it can cost

class Bare {
 public:
  Bare(const Pki& pki, const Post& post, std::string directory)
      : post_(post), directory_(std::move(directory)), store_(X509_STORE_new()) {
    X509_STORE_add_cert(store_.get(), pki.root.certificate.get());
    certificates_ = sk_X509_new_null();
    sk_X509_push(certificates_, pki.alice.certificate.get());
    sk_X509_push(certificates_, pki.intermediate.certificate.get());
  }

  void one(int number) const {
    verify();
    keep(fmt::format("{}/{}.{}", directory_, ::getpid(), number));
  }

  void verify() const {
    const auto* at = reinterpret_cast<const unsigned char*>(post_.stripped.data());
    const cms::CmsPtr cms(
        must(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(post_.stripped.size())), "d2i"));
    const cms::BioPtr text = cms::reader(post_.text);
    check(CMS_verify(cms.get(), certificates_, nullptr, text.get(), nullptr,
                     CMS_BINARY | CMS_DETACHED | CMS_NO_SIGNER_CERT_VERIFY | CMS_NOINTERN) == 1,
          "bare signature");
    X509_STORE_CTX* context = X509_STORE_CTX_new();
    X509_STORE_CTX_init(context, store_.get(), sk_X509_value(certificates_, 0), certificates_);
    check(X509_verify_cert(context) == 1, "bare chain");
    X509_STORE_CTX_free(context);
  }

  void keep(const std::string& name) const {
    const std::string temporary = name + ".T";
    const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    const auto wrote = ::write(fd, post_.message.data(), post_.message.size());
    check(wrote == static_cast<ssize_t>(post_.message.size()) && ::fsync(fd) == 0, "bare file");
    ::close(fd);
    check(::rename(temporary.c_str(), name.c_str()) == 0, "bare rename");
    const int directory = ::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    check(::fsync(directory) == 0, "bare directory");
    ::close(directory);
  }

 private:
  const Post& post_;
  std::string directory_;
  std::unique_ptr<X509_STORE, cms::Freed<X509_STORE_free>> store_;
  STACK_OF(X509) * certificates_;
};

// --- a site, and a worker of it

struct Quiet final : sys::Log {
  void write(sys::Level level, std::string_view event,
             std::initializer_list<Field> fields) override {
    const std::string line = sys::format_event(event, fields);  // all but the system call
    if (level != sys::Level::info) fmt::print(stderr, "{}\n", line);
  }
};

void spit(const std::string& path, std::string_view octets) {
  std::ofstream(path) << octets;
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
}

struct House {
  explicit House(const Pki& pki) {
    std::string pattern = fs::temp_directory_path().string() + "/bench.XXXXXX";
    directory = must(::mkdtemp(pattern.data()), "no temporary directory");
    fs::create_directories(directory + "/certs");
    spit(directory + "/paraph.conf",
         fmt::format("domain {}\nlistmaster boss@example.org\ncafile ca.pem\nssl_cert_dir certs\n"
                     "default_dir {}\n",
                     kDomain, PARAPH_SOURCE_DIR));
    spit(directory + "/ca.pem", to_pem(pki.root.certificate.get()));
    for (const auto& [name, members] : lists) {
      const std::string list = fmt::format("{}/list_data/{}", directory, name);
      fs::create_directories(list);
      spit(list + "/config", "subject Bench\n\nsend private_smime\n");
      spit(list + "/cert.pem", to_pem(pki.list.certificate.get()));
      spit(list + "/private_key", to_pem(nullptr, pki.list.key.get()));
    }
  }
  ~House() { fs::remove_all(directory); }
  House(const House&) = delete;
  House& operator=(const House&) = delete;

  void subscribe() const {
    auto database = must(store::Database::open(directory + "/paraph.sqlite"), "database");
    for (const auto& [name, members] : lists) {
      const auto list = list::ListAddress::parse(name, kDomain);
      auto done = (*database)->together([&, count = members]() -> Result<void> {
        auto& people = (*database)->directory();
        for (int i = 1; i < count; ++i)
          check(people.add_member(*list, {.email = fmt::format("member-{:06}@example.org", i)}),
                "member");
        check(people.add_member(*list, {.email = "alice@example.org"}), "member");
        return {};
      });
      check(std::move(done), "members");
    }
  }

  void drop(const Pki& pki, int count, const std::string& list = "few") const {
    auto spool = spool::IncomingSpool(*sys::open_root(this->spool("msg")));
    for (int i = 0; i < count; ++i) {
      const auto now = sys::SystemClock().now();
      const spool::SpoolHeader header{.address = fmt::format("{}@{}", list, kDomain),
                                      .id = spool::QueueId::make(now, cms::random()),
                                      .received = now,
                                      .reverse_path = "alice@example.org",
                                      .unknown_sender = false,
                                      .kind = {},
                                      .list = {},
                                      .auth = {},
                                      .sealed = {}};
      check(spool.accept(header, make_post(pki).message, ::getpid(), cms::random()), "spool");
    }
  }
  /// Spools for one round. Nothing is removed between rounds: on some file systems that would slow
  /// down whoever makes files next.
  void next_round() {
    ++round;
    for (const auto* each : {"bare", "msg", "auth", "moderation", "bulk"})
      fs::create_directories(spool(each));
    ::sync();
  }
  [[nodiscard]] std::string spool(std::string_view name) const {
    return fmt::format("{}/{}/{}", directory, round, name);
  }

  int round = 0;
  std::string directory;
  std::vector<std::pair<std::string, int>> lists{
      {"few", 50}, {"a", 100}, {"b", 10'000}, {"c", 100'000}};
};

/// As paraph-incoming wires it.
class Worker {
 public:
  explicit Worker(const House& house)
      : site_(*must(config::Site::load(house.directory + "/paraph.conf"), "site")),
        database_(*must(store::Database::open(house.directory + "/paraph.sqlite"), "database")),
        certificates_(store::open_certificate_directory(*sys::open_root(house.directory + "/certs"),
                                                        &database_->certificate_memory())),
        recipients_(store::open_recipients(*sys::open_root(house.directory + "/certs"),
                                           database_->recipient_records())),
        msg_(*sys::open_root(house.spool("msg"))),
        auth_(*sys::open_root(house.spool("auth")), "auth"),
        moderation_(*sys::open_root(house.spool("moderation")), "moderation"),
        bulk_(*sys::open_root(house.spool("bulk")), 250),
        desk_({*sys::open_root(house.spool("msg")), *sys::open_root(house.spool("bulk")),
               *sys::open_root(house.spool("auth")), *sys::open_root(house.spool("moderation"))}) {}

  int drain(int most = INT_MAX) {
    const pipeline::Ports ports{site_,
                                database_->directory(),
                                *certificates_,
                                *recipients_,
                                database_->ledger(),
                                database_->alarms(),
                                database_->guard(),
                                database_->certificate_memory(),
                                database_->notices(),
                                database_->decision_keys(),
                                clock_,
                                cms::random(),
                                cms::digest(),
                                log_,
                                cache_};
    int ended = 0;
    pipeline::Endings endings;
    const pipeline::IncomingSpools spools{msg_, auth_, moderation_, bulk_, desk_};
    const auto settle = [&] {
      for (const auto& [name, handled] : pipeline::settle(endings, spools, ports))
        check(handled == pipeline::Handled::ended, "a post waits");
    };
    site_.look_again();
    cache_.look_again();
    const auto pending = must(msg_.pending(clock_.now(), pipeline::Priorities(site_)), "pending");
    for (const auto& name : *pending) {
      auto claim = msg_.claim(name);
      check(claim, claim ? "" : claim.error().what().c_str());
      if (!*claim) continue;
      const auto handled = pipeline::process(std::move(**claim), spools, ports, endings);
      check(handled != pipeline::Handled::waits, "a post waits");
      if (endings.full()) settle();
      if (++ended == most) break;
    }
    settle();
    return ended;
  }

 private:
  config::Site site_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<list::CertificateStore> certificates_;
  std::unique_ptr<store::Recipients> recipients_;
  spool::IncomingSpool msg_;
  spool::HoldSpool auth_, moderation_;
  spool::BulkSpool bulk_;
  spool::Desk desk_;
  sys::SystemClock clock_;
  Quiet log_;
  pipeline::Cache cache_;
};

long microseconds(const timeval& time) {
  return time.tv_sec * 1'000'000L + time.tv_usec;
}

/// What one side used up in all its rounds.
struct Side {
  std::vector<double> rates;
  long syncs = 0, sync_us = 0, user_us = 0, system_us = 0;
  void begin() {
    for (auto* count :
         {&spent->syncs.count, &spent->syncs.microseconds, &spent->user_us, &spent->system_us})
      *count = 0;
  }
  void end(double posts, double seconds) {
    rates.push_back(posts / seconds);
    syncs += spent->syncs.count;
    sync_us += spent->syncs.microseconds;
    user_us += spent->user_us;
    system_us += spent->system_us;
  }
  [[nodiscard]] std::string shown(double posts) const {
    const auto each = [&](long count) { return static_cast<double>(count) / posts; };
    return fmt::format("{:.1f} syncs of {:.2f} ms, CPU {:.2f} + {:.2f} ms", each(syncs),
                       static_cast<double>(sync_us) / static_cast<double>(syncs) / 1000,
                       each(user_us) / 1000, each(system_us) / 1000);
  }
};

/// Seconds from the start signal to the end of the last process. `prepare` makes each ready and
/// returns its work; `signal` is the last thing before the signal.
double in_processes(
    int count, const std::function<std::function<void()>()>& prepare,
    const std::function<void()>& signal = [] {}) {
  int go[2], ready[2];
  check(::pipe(go) == 0 && ::pipe(ready) == 0, "pipe");
  for (int i = 0; i < count; ++i) {
    if (::fork() != 0) continue;
    ::close(go[1]);
    const auto work = prepare();
    char octet = 0;
    check(::write(ready[1], &octet, 1) == 1, "pipe");
    check(::read(go[0], &octet, 1) == 0, "start");  // the end of file is the signal
    rusage before{}, after{};
    ::getrusage(RUSAGE_SELF, &before);
    work();
    ::getrusage(RUSAGE_SELF, &after);
    spent->user_us += microseconds(after.ru_utime) - microseconds(before.ru_utime);
    spent->system_us += microseconds(after.ru_stime) - microseconds(before.ru_stime);
    std::_Exit(EXIT_SUCCESS);
  }
  char octet = 0;
  for (int i = 0; i < count; ++i) check(::read(ready[0], &octet, 1) == 1, "a process is not ready");
  signal();
  const double seconds = bench::seconds([&] {
    ::close(go[1]);
    for (int i = 0, status = 0; i < count; ++i)
      check(::wait(&status) > 0 && status == 0, "a process failed");
  });
  for (const int fd : {go[0], ready[0], ready[1]}) ::close(fd);
  return seconds;
}

void rate(House& house, const Pki& pki, const Post& post) {
  const int processes = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  std::vector<double> ratios;
  Side bare_side, our_side;
  for (int round = 0; round <= kRounds; ++round) {
    house.next_round();
    house.drop(pki, processes);  // one each to warm up with
    const double theirs = in_processes(
        processes,
        [&]() -> std::function<void()> {
          auto bare = std::make_shared<Bare>(pki, post, house.spool("bare"));
          bare->one(-1);
          return [bare] {
            for (int i = 0; i < kPosts; ++i) bare->one(i);
          };
        },
        [&] { bare_side.begin(); });
    const double posts = kPosts * processes;
    if (round > 0) bare_side.end(posts, theirs);
    const double ours = in_processes(
        processes,
        [&]() -> std::function<void()> {
          auto worker = std::make_shared<Worker>(house);
          worker->drain(1);
          return [worker] { worker->drain(); };
        },
        [&] {
          house.drop(pki, kPosts * processes);
          our_side.begin();
        });
    if (round == 0) continue;  // warms the disk and the database
    our_side.end(posts, ours);
    ratios.push_back(theirs / ours);
  }
  const double all = static_cast<double>(kPosts) * processes * kRounds;
  bench::row(fmt::format("incoming, signed 10 KB posts, RSA signer, {} processes", processes),
             "≥ 50 %", fmt::format("{:.0f} %", 100 * bench::median(ratios)),
             fmt::format("{:.0f}/s", bench::median(our_side.rates)),
             fmt::format("{:.0f}/s", bench::median(bare_side.rates)),
             fmt::format("ours {}; bare {}", our_side.shown(all), bare_side.shown(all)));
}

void growth(House& house, const Pki& pki) {
  house.next_round();
  Worker worker(house);
  std::vector<std::vector<double>> times(house.lists.size());
  for (int round = 0; round < kGrowthRounds; ++round) {
    for (std::size_t i = 1; i < house.lists.size(); ++i) {
      house.drop(pki, 1, house.lists[i].first);
      times[i].push_back(bench::seconds([&] { check(worker.drain() == 1, "growth"); }));
    }
  }
  const auto& [least, few] = house.lists[1];
  for (std::size_t i = 2; i < house.lists.size(); ++i) {
    const int more = house.lists[i].second - few;
    bench::row(
        fmt::format("growth of incoming per subscriber, {} to {}", few, house.lists[i].second),
        "≤ 0.002 ms",
        fmt::format("{:.4f} ms", 1000 * (bench::median(times[i]) - bench::median(times[1])) / more),
        fmt::format("{:.2f} ms", 1000 * bench::median(times[i])),
        fmt::format("{:.2f} ms", 1000 * bench::median(times[1])), "one post to many, and to few");
  }
}

}  // namespace

int main() {
  void* shared =
      ::mmap(nullptr, sizeof(Spent), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  spent = new (shared) Spent;
  bench::syncs = &spent->syncs;
  const Pki pki;
  const Post post = make_post(pki);
  House house(pki);
  house.subscribe();
  rate(house, pki, post);
  growth(house, pki);
  return 0;
}
