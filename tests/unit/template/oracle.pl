#!/usr/bin/perl
# Renders templates with Perl's Template Toolkit: the second witness of render_test.cpp.
# Input: records "TEMPLATE\0"; output: records "TEXT\0", or "ERROR\0".
use strict;
use warnings;
use Template;

$/ = "\0";
binmode STDIN;
binmode STDOUT;
my %files = ('sub.tt2' => 'sub:[% who %][% n %]', 'secure.tt2' => 'secure file', 'dir/x-1.tt2' => 'dashed');
my %blocks = map { $_ => $files{$_} } keys %files;
while (defined(my $text = <STDIN>)) {
    chomp $text;
    my $data = {
        name => 'Ann', zero => '0', nothing => [],
        list => {name => 'secure', total => '42', topics => ['a', 'b', 'c']},
        users => [{email => 'a@example.org'}, {email => 'b@example.org'}],
    };
    my $toolkit = Template->new({BLOCKS => {%blocks}, ABSOLUTE => 0, RELATIVE => 0});
    my $out = '';
    local $SIG{__WARN__} = sub { };
    print $toolkit->process(\$text, $data, \$out) ? $out : 'ERROR', "\0";
}
