#include "config/names.h"
#include "config/site.h"

namespace paraph::config {
namespace {

constexpr unsigned S = static_cast<unsigned>(Scope::site);
constexpr unsigned SD = S | static_cast<unsigned>(Scope::domain);
constexpr unsigned L = static_cast<unsigned>(Scope::list);
constexpr unsigned SL = S | L;
constexpr unsigned SDL = SD | L;

// Every parameter that has an effect here. "$name" in a default stands for the value of that parameter; a default of
// type path stands below the site directory.
const std::vector<Parameter>& own_rows() {
  static const std::vector<Parameter> rows = {
      // clang-format off
    {"sympa_conf", S, "path", "", "A Sympa configuration file to read first; what this file says goes over it."},
    {"domain", SD, "text", "", "The main mail domain; lists are NAME@domain."},
    {"listmaster", SD, "list", "", "Addresses of the people who run the site.", true},
    {"title", SD, "text", "Mailing lists service", "Name of the service, for templates."},
    {"gecos", SD, "text", "SYMPA", "Display name in the From of mail we author."},
    {"lang", SDL, "text", "en-US", "Language of mail we author."},
    {"email", SD, "word", "sympa", "Local part of the command address."},
    {"listmaster_email", SD, "word", "listmaster", "Local part of the listmaster address."},
    {"return_path_suffix", S, "word", "-owner", "What a list's bounce address adds to its name."},
    {"bounce_email_prefix", S, "word", "bounce", "Local part before the plus sign of VERP addresses."},
    {"list_check_suffixes", SD, "list", "request, owner, editor, unsubscribe, subscribe", "Suffixes that make service addresses of a list; no list name may end in one."},
    {"wwsympa_url", SD, "text", "", "Base of web links in templates; empty for a site without web pages."},
    {"home", S, "path", "list_data", "Directory of the lists."},
    {"etc", S, "path", "etc", "Directory of the site's scenari/, mail_tt2/, search_filters/ and DOMAIN/robot.conf."},
    {"spool", S, "path", "spool", "Directory of the spools."},
    {"queue", S, "path", "$spool/msg", "Mail accepted from the MTA."},
    {"queueauth", S, "path", "$spool/auth", "Posts that wait for their sender's confirmation."},
    {"queuemod", S, "path", "$spool/moderation", "Posts that wait for an editor."},
    {"queuebulk", S, "path", "$spool/bulk", "Packets on their way out."},
    {"queuebounce", S, "path", "$spool/bounce", "Bounces accepted from the MTA."},
    {"queuedigest", S, "path", "$spool/digest", "Posts collected for digests."},
    {"queuetopic", S, "path", "$spool/topic", "Topics of posts."},
    {"tmpdir", S, "path", "$spool/tmp", "Unfinished files."},
    {"arc_path", SD, "path", "archive", "Directory of the archives."},
    {"bounce_path", S, "path", "bounce", "Directory of the last bounce of each member."},
    {"default_dir", S, "path", "", "Stock scenarios and templates; unset: found beside the build tree or installed."},
    {"db_type", S, "word", "SQLite", "Kind of database; only SQLite."},
    {"db_name", S, "path", "paraph.sqlite", "File of the SQLite database."},
    {"transport", S, "text", "sendmail:$sendmail", "Where mail goes: smtp://HOST:PORT, lmtp+unix:/PATH, sendmail:/PROGRAM or maildir:/DIRECTORY."},
    {"sendmail", S, "text", "/usr/sbin/sendmail", "The MTA's submission program."},
    {"sendmail_args", S, "text", "-oi -odi -oem", "Arguments of the submission program."},
    {"packet_size", S, "number", "250", "Recipients of one outgoing packet at most."},
    {"log_level", SD, "number", "0", "How much is logged, 0 to 4."},
    {"umask", S, "word", "027", "File mode mask of Sympa; ours is always 077."},
    {"cafile", S, "path", "", "PEM file of the authorities trusted for S/MIME; empty file or unset: no signature is trusted."},
    {"capath", S, "path", "", "Directory of PEM files of such authorities."},
    {"key_passwd", S, "secret", "", "Passphrase of the private keys; key_passwd_file is better."},
    {"key_passwd_file", S, "path", "", "File, mode 0600, whose first line is the passphrase of the private keys."},
    {"ssl_cert_dir", S, "path", "X509-user-certs", "Certificates of people, one file per address and use."},
    {"min_rsa_bits", S, "number", "2048", "Shortest RSA key accepted in a certificate."},
    {"cipher", SDL, "aes-256-cbc|aes-256-gcm|aes-128-cbc", "aes-256-cbc", "Content encryption for readers who announced none."},
    {"encrypted_post_policy", SDL, "any|signed_inside", "any", "Which encrypted posts are distributed: any, or only those signed inside the encryption."},
    {"max_size", SDL, "number", "5242880", "Largest message in octets; 0 for no limit."},
    {"priority", SDL, "0|1|2|3|4|5|6|7|8|9|z", "5", "Urgency of the list's mail, 0 first; z holds it."},
    {"sympa_priority", SD, "0|1|2|3|4|5|6|7|8|9|z", "1", "Urgency of commands."},
    {"request_priority", SD, "0|1|2|3|4|5|6|7|8|9|z", "0", "Urgency of mail to owners."},
    {"owner_priority", SD, "0|1|2|3|4|5|6|7|8|9|z", "9", "Urgency of bounces."},
    {"send", SDL, "scenario:send", "private", "Who may post."},
    {"visibility", SDL, "scenario:visibility", "conceal", "Who sees that the list exists."},
    {"info", SDL, "scenario:info", "open", "Who may read the list's description."},
    {"subscribe", SDL, "scenario:subscribe", "open", "Who may subscribe."},
    {"unsubscribe", SDL, "scenario:unsubscribe", "open", "Who may unsubscribe."},
    {"add", SDL, "scenario:add", "owner", "Who may add members."},
    {"del", SDL, "scenario:del", "owner", "Who may remove members."},
    {"invite", SDL, "scenario:invite", "private", "Who may invite."},
    {"remind", SDL, "scenario:remind", "owner", "Who may remind members."},
    {"review", SDL, "scenario:review", "owner", "Who may see the members."},
    {"create_list", SD, "scenario:create_list", "public_listmaster", "Who may create lists."},
    {"global_remind", S, "scenario:global_remind", "listmaster", "Who may remind everybody."},
    {"move_user", SD, "scenario:move_user", "auth", "Who may change an address everywhere."},
    {"family_signoff", SD, "scenario:family_signoff", "auth", "Who may leave a family."},
    {"automatic_list_creation", SD, "scenario:automatic_list_creation", "public", "Who may create automatic lists."},
    {"spam_status", SD, "scenario:spam_status", "x-spam-status", "The scenario that tells spam."},
    {"archive.mail_access", SDL, "scenario:archive_mail_access", "closed", "Who may ask for archived mail."},
    {"archive.web_access", SDL, "scenario:archive_web_access", "closed", "Who may read the archive by web."},
    {"tracking.tracking", SL, "scenario:tracking", "owner", "Who may see delivery reports."},
    {"use_blocklist", SD, "list", "send,create_list", "Functions whose scenarios refuse addresses of blocklist.txt first."},
    {"sender_headers", S, "list", "From", "Fields that may name the sender, in order."},
    {"misaddressed_commands", S, "text", "reject", "reject: a post that looks like a command is refused."},
    {"loop_prevention_regex", SDL, "text", "mailer-daemon|sympa|listserv|majordomo|smartlist|mailman", "Local parts of senders that are programs."},
    {"reject_mail_from_automates_feature", SL, "on|off", "on", "Whether mail from programs is refused."},
    {"remove_headers", SL, "list", "X-Sympa-To, X-Family-To, Return-Receipt-To, Precedence, X-Sequence, Disposition-Notification-To, Sender", "Fields removed when a post comes in.", true},
    {"remove_outgoing_headers", SL, "list", "none", "Fields removed when a post goes out.", true},
    {"rfc2369_header_fields", SL, "list", "help, subscribe, unsubscribe, post, owner, archive", "List-* fields to add.", true},
    {"anonymous_header_fields", S, "list", "ARC-Authentication-Results, ARC-Message-Signature, ARC-Seal, Authentication-Results, Disposition-Notification-To, DKIM-Signature, Domainkey-Signature, Fax, Injection-Info, Mailer, Organisation, Organization, Original-Recipient, Originating-Client, Originator, Path, Phone, Received, Received-SPF, Reply-To, Resent-Reply-To, Return-Receipt-To, Telefax, User-Agent, X-Envelope-From, X-Envelope-To, X-Face, X-Mailer, X-MimeOLE, X-Newsreader, X-Sender, X-X-Sender", "Fields removed from posts of anonymous lists."},
    {"max_list_members", SDL, "number", "0", "Most members a list may have; 0 for no limit."},
    {"allow_subscribe_if_pending", SD, "on|off", "on", "Whether a list that is not open takes members."},
    {"owner_domain", SDL, "words", "", "Domains in which owners must have their addresses."},
    {"custom_robot_parameter", SD, "text", "", "NAME ; VALUE for templates and scenarios.", true},
    {"nrcpt", S, "number", "25", "Recipients per packet in Sympa; here packet_size."},
    {"process_archive", SDL, "on|off", "off", "Whether posts are archived."},
    {"subject", L, "text", "", "One line about the list."},
    {"status", L, "open|closed|pending|error_config|family_closed", "open", "State of the list; only an open one takes posts."},
    {"reply_to_header.value", L, "sender|list|all|other_email", "sender", "Where replies go."},
    {"reply_to_header.other_email", L, "text", "", "The address of other_email."},
    {"reply_to_header.apply", L, "forced|respect", "respect", "Whether a Reply-To of the author stays."},
    {"custom_header", L, "text", "", "A field added to each post.", true},
    {"custom_subject", L, "text", "", "A tag before the subject."},
    {"anonymous_sender", L, "text", "", "Address shown instead of the author's."},
    {"default_user_options.reception", L, "mail|notice|digest|digestplain|summary|nomail|txt|urlize|not_me", "mail", "Reception of new members."},
    {"default_user_options.visibility", L, "conceal|noconceal", "noconceal", "Visibility of new members."},
    {"available_user_options.reception", L, "list", "mail, notice, digest, digestplain, summary, nomail, txt, urlize, not_me", "Receptions that members may choose.", true},
    {"custom_vars.name", L, "word", "", "Name of a variable for scenarios and templates."},
    {"custom_vars.value", L, "text", "", "Value of the variable named before."},
    {"topics", L, "list", "", "Topics of the list.", true},
    {"family_name", L, "text", "", "Family of the list."},
    {"creation.email", L, "text", "", "Who created the list."},
    {"creation.date_epoch", L, "number", "", "When the list was created."},
    {"update.email", L, "text", "", "Who changed the list last."},
    {"update.date_epoch", L, "number", "", "When the list was changed last."},
    {"serial", L, "number", "0", "Number of changes of the list's configuration."},
      // clang-format on
  };
  return rows;
}

std::vector<Parameter> all_rows() {
  std::vector<Parameter> rows = own_rows();
  const std::vector<Parameter>& others = sympa_parameters();
  rows.insert(rows.end(), others.begin(), others.end());
  return rows;
}

}  // namespace

const std::vector<Parameter>& parameter_table() {
  static const std::vector<Parameter> table = all_rows();
  return table;
}

}  // namespace paraph::config
