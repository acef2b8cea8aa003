#!/usr/bin/perl
# Checks an audit bundle as its README.txt tells, knowing nothing else: perl, openssl and sha256sum.
#   perl check-bundle.pl DIR FIRST-KEY
use strict;
use warnings;
use Digest::SHA qw(sha256 sha256_hex);
use File::Find;
use File::Temp qw(tempdir);
use JSON::PP;
use MIME::Base64;

my ($dir, $trusted) = @ARGV;
my $tmp = tempdir(CLEANUP => 1);
chdir $dir or die "no $dir\n";

sub slurp { my ($f) = @_; open my $h, '<:raw', $f or die "$f: $!\n"; local $/; return <$h> // '' }
sub spew { my ($f, $s) = @_; open my $h, '>:raw', $f or die "$f: $!\n"; print $h $s; close $h }
sub lines { my ($f) = @_; return split /\n/, slurp($f), -1 }

# --- nothing was damaged on the way, and nothing was added
system('sha256sum -c --strict --quiet SHA256SUMS >/dev/null 2>&1') == 0 or die "SHA256SUMS: differs\n";
my %listed = map { /^[0-9a-f]{64}  (.*)$/ ? ($1 => 1) : () } lines('SHA256SUMS');
find({ no_chdir => 1, wanted => sub {
    (my $f = $_) =~ s{^\./}{};
    die "$f: not listed\n" if -f && $f ne 'SHA256SUMS' && !$listed{$f};
} }, '.');

# --- 1. signatures
sub public { my ($v) = @_; my (undef, undef, $k) = split /\+/, $v, 3; my $raw = decode_base64($k);
    length $raw == 33 && substr($raw, 0, 1) eq "\1" or die "keys: no key\n"; return substr $raw, 1 }
sub signed {
    my ($key, $text, $sig) = @_;
    spew("$tmp/key", pack('H*', '302a300506032b6570032100') . public($key));
    spew("$tmp/text", $text);
    spew("$tmp/sig", $sig);
    return system("openssl pkeyutl -verify -pubin -keyform DER -inkey $tmp/key -rawin " .
                  "-in $tmp/text -sigfile $tmp/sig >/dev/null 2>&1") == 0;
}
my @keys = map { /^(\d+) (\S+)$/ ? [$1, $2] : die "keys: a line that is none\n" } grep { $_ ne '' } lines('keys');
@keys && $keys[0][0] == 0 && $keys[0][1] eq $trusted or die "keys: not the first key that is believed\n";
sub key_at { my ($n) = @_; my $k; $_->[0] <= $n and $k = $_->[1] for @keys; return $k }

sub checkpoint {
    my ($f, $note) = @_;
    my ($text, $sig) = $note =~ /^((?:[^\n]+\n){3})\n(.+)\n$/s or die "$f: no checkpoint\n";
    my ($origin, $size, $root) = split /\n/, $text;
    my (undef, $name, $b64) = split / /, $sig;
    my $raw = decode_base64($b64);
    encode_base64($raw, '') eq $b64 && length $raw == 68 or die "$f: no signature\n";
    my $key = key_at($size);
    my ($kname, $khash) = split /\+/, $key;
    $name eq $kname && $origin eq $kname && unpack('H*', substr $raw, 0, 4) eq $khash
        or die "$f: signed by another\n";
    signed($key, $text, substr $raw, 4) or die "$f: false signature\n";
    return ($size, decode_base64($root));
}
my %root;
for my $f (sort glob 'checkpoints/*') {
    my ($size, $root) = checkpoint($f, slurp($f));
    $f eq sprintf('checkpoints/%08d', $size) or die "$f: of another size\n";
    $root{$size} = $root;
}
my ($n, $newest) = checkpoint('checkpoint', slurp('checkpoint'));
defined $root{$n} && $root{$n} eq $newest or die "checkpoint: not among checkpoints/\n";

# --- 2. and 3. the tree, the payloads
sub tile { my ($kind, $i, $width) = @_;
    my $name = sprintf '%03d', $i % 1000;
    for (my $rest = int($i / 1000); $rest > 0; $rest = int($rest / 1000)) { $name = sprintf 'x%03d/%s', $rest % 1000, $name }
    return "$kind/$name" . ($width < 256 ? ".p/$width" : '') }
my (@header, @payload);
for (my $i = 0; $i * 256 < $n; $i++) {
    my $width = $n - $i * 256 < 256 ? $n - $i * 256 : 256;
    my ($f, $g) = (tile('tile/entries', $i, $width), tile('payload', $i, $width));
    my @e = unpack '(n/a*)*', slurp($f);
    my @p = unpack '(N/a*)*', slurp($g);
    @e == $width && @p == $width or die "$f or $g: not $width records\n";
    push @header, @e;
    push @payload, @p;
}
my @leaf = map { sha256("\0$_") } @header;
my %memo;
sub mth { my ($from, $to) = @_;
    return sha256('') if $from == $to;
    return $leaf[$from] if $to - $from == 1;
    return $memo{"$from-$to"} //= do {
        my $k = 1; $k *= 2 while $k * 2 < $to - $from;
        sha256("\1" . mth($from, $from + $k) . mth($from + $k, $to)) } }
for my $size (sort { $a <=> $b } keys %root) {
    $size <= $n && mth(0, $size) eq $root{$size} or die "checkpoints/$size: another root\n";
}
for (my ($level, $span) = (0, 1); int($n / $span) > 0; $level++, $span *= 256) {
    my $hashes = int($n / $span);
    for (my $i = 0; $i * 256 < $hashes; $i++) {
        my $width = $hashes - $i * 256 < 256 ? $hashes - $i * 256 : 256;
        my $want = join '', map { mth(($i * 256 + $_) * $span, ($i * 256 + $_ + 1) * $span) } 0 .. $width - 1;
        my $f = tile("tile/$level", $i, $width);
        slurp($f) eq $want or die "$f: other hashes\n";
    }
}
for my $i (0 .. $n - 1) {
    substr($header[$i], 48, 32) eq sha256($payload[$i]) or die 'payload of record ' . ($i + 1) . ": changed\n";
}

# --- 4. each checkpoint goes on from the one before
sub subproof { my ($m, $from, $to, $b) = @_;
    return $b ? () : (mth($from, $to)) if $m == $to - $from;
    my $k = 1; $k *= 2 while $k * 2 < $to - $from;
    return $m <= $k ? (subproof($m, $from, $from + $k, $b), mth($from + $k, $to))
                    : (subproof($m - $k, $from + $k, $to, 0), mth($from, $from + $k)) }
my @sizes = sort { $a <=> $b } keys %root;
for my $i (1 .. $#sizes) {
    my ($from, $to) = @sizes[$i - 1, $i];
    my $want = join '', "kadens consistency proof 1\nfrom $from\nto $to\n",
        (map { encode_base64($_, '') . "\n" } $from ? subproof($from, 0, $to, 1) : ()), "\n",
        slurp(sprintf 'checkpoints/%08d', $to);
    slurp(sprintf 'consistency/%08d-%08d', $from, $to) eq $want or die "consistency $from-$to: another proof\n";
}

# --- 6. the plain text says what the bytes say; 5. keys; 7. policies
my @text = lines('records.jsonl');
@text == $n + 1 && $text[$n] eq '' or die "records.jsonl: not $n lines\n";
my $json = JSON::PP->new->utf8;
sub day { my ($d) = @_; my @t = gmtime($d * 86400); return sprintf '%04d-%02d-%02d', $t[5] + 1900, $t[4] + 1, $t[3] }
sub value { my ($p, $at) = @_;
    my $tag = substr $$p, $$at++, 1;
    my $take = sub { my ($len) = @_; my $s = substr $$p, $$at, $len; $$at += $len; return $s };
    return ['null'] if $tag eq "\0";
    return ['sealed'] if $tag eq "\1" || $tag eq "\2";
    return ['number', unpack('q>', $take->(8)) / 1e6] if $tag =~ /[N%M]/;
    return ['text', day(unpack 'l>', $take->(4))] if $tag eq 'D';
    return ['bool', unpack 'C', $take->(1)] if $tag eq 'B';
    my $s = $take->(unpack 'N', $take->(4));
    utf8::decode($s);
    return [$tag eq 'L' ? 'list' : 'text', $s] }
sub fields { my ($p, $at) = @_;
    my $count = unpack 'n', substr $$p, $$at, 2;
    $$at += 2;
    my %f;
    for (1 .. $count) {
        my $len = unpack 'C', substr $$p, $$at, 1;
        my $name = substr $$p, $$at + 1, $len;
        $$at += 1 + $len;
        utf8::decode($name);
        $f{$name} = value($p, $at);
    }
    return \%f }
sub same { my ($v, $j) = @_;
    my ($kind, $x) = @$v;
    return !defined $j if $kind eq 'null';
    return ref $j eq 'HASH' && ($j->{sealed} || $j->{erased}) if $kind eq 'sealed';
    return 0 unless defined $j;
    return !ref $j && abs($x - $j) < 1e-7 if $kind eq 'number';
    return JSON::PP::is_bool($j) && ($j ? 1 : 0) == $x if $kind eq 'bool';
    return ref $j eq 'ARRAY' && join("\n", @$j) eq $x if $kind eq 'list';
    return $x eq $j }
my ($now, @new) = ($trusted);
my %policy = map { $_ => 1 } glob 'policies/*';
for my $i (0 .. $n - 1) {
    my ($h, $p, $r, $where) = ($header[$i], $payload[$i], $json->decode($text[$i]), 'record ' . ($i + 1));
    my ($seq, $at, $on) = unpack 'x8 Q> q> l>', $h;
    my ($subject, $type, $id, $by, $via) = map { utf8::decode($_); $_ } unpack '(n/a*)5', substr $h, 80;
    my $second = int($at / 1e6);
    my @t = gmtime $second;
    my $instant = sprintf '%s T%02d:%02d:%02d.%06dZ', day($second / 86400), @t[2, 1, 0], $at - $second * 1e6;
    $instant =~ s/ //;
    $seq == $i + 1 && $r->{seq} == $seq && ($r->{subject} // '') eq $subject && $r->{type} eq $type
        && ($r->{id} // '') eq $id && $r->{by} eq $by && $r->{via} eq $via && $r->{on} eq day($on)
        && $r->{at} eq $instant or die "$where: its line says something else than its header\n";
    my $pos = 4;
    my $fields = fields(\$p, \$pos);
    my $notes = fields(\$p, \$pos);
    my $event = $type !~ /^kadens\./;
    my $data = $event || !ref $r->{data}{data} ? $r->{data} : $r->{data}{data};
    for my $name (keys %$fields) {
        same($fields->{$name}, $data->{$name}) or die "$where: another $name\n";
    }
    for my $name ($event ? keys %$data : ()) {
        $fields->{$name} || (unpack('C', substr $h, 3, 1) & 8) or die "$where: no $name in it\n";
    }
    for my $name ($event ? () : keys %$notes) {
        !exists $r->{data}{$name} || same($notes->{$name}, $r->{data}{$name}) or die "$where: another $name\n";
    }
    if ($type eq 'kadens.rekeyed' && $notes->{old_key}[1] eq $now) {
        my ($old, $new, $sig) = map { $notes->{$_}[1] } qw(old_key new_key signature);
        signed($old, "kadens rekey 1\n$seq\n$old\n$new\n", decode_base64($sig)) or die "$where: false signature\n";
        push @new, "$seq $new";
        $now = $new;
    }
    if ($type eq 'kadens.adopted') {
        my ($file) = glob sprintf 'policies/%08d-*', $seq;
        $file && delete $policy{$file} or die "$where: no text in policies/\n";
        my $s = slurp($file);
        sha256_hex($s) eq $notes->{digest}[1] or die "$file: another text\n";
    }
}
die "policies/: a text of no record\n" if %policy;
join("\n", map { "$_->[0] $_->[1]" } @keys[1 .. $#keys]) eq join("\n", @new) or die "keys: not those of the records\n";
print "whole: $n records, " . scalar(@sizes) . " checkpoints, " . scalar(@keys) . " keys\n";
