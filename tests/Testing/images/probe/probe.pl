#!/usr/bin/perl
# probe: tells over HTTP (and UDP, same port) what a container sees, and misbehaves on demand. One process a request.
#   /who            "HOSTNAME CLIENT-ADDRESS"          /env/NAME       the variable's value
#   /file/PATH      "MODE UID GID\nCONTENT"            /lookup/NAME    the addresses of a name, sorted
#   /fetch/HOST     the answer of http://HOST/who      /write/PATH/TEXT
#   /eat/MEGABYTES  takes that much memory             /exit/CODE      the container ends
#   /sick /well     health, which `probe.pl health` asks for
# Environment: PORT (80); COUNT=MILLISECONDS prints "line N" at that pace; START_EXIT=CODE ends at once; GREETING.
use strict;
use warnings;
use IO::Socket::INET;
use IO::Select;
use POSIX ();
use Socket;
use Sys::Hostname;

$| = 1;
my $port = $ENV{PORT} // 80;
my $host = hostname();
my $sick = '/tmp/sick';
if (($ARGV[0] // '') eq 'health') { exit(!-e $sick && IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 1) ? 0 : 1) }
if (defined $ENV{START_EXIT}) { print STDERR "$host ends at once with $ENV{START_EXIT}\n"; exit $ENV{START_EXIT} }

$SIG{TERM} = $SIG{INT} = sub { print "$host stops\n"; POSIX::_exit(0) };
$SIG{CHLD} = 'IGNORE';
my $parent = $$;
print "$host starts $ENV{GREETING}\n" if $ENV{GREETING};

if (my $pace = $ENV{COUNT}) {
    if (!fork) {
        my $n = 0;
        while (kill 0, $parent) { $n++; print "line $n\n"; select undef, undef, undef, $pace / 1000 }
        POSIX::_exit(0);
    }
}

my $tcp = IO::Socket::INET->new(LocalPort => $port, Listen => 512, ReuseAddr => 1) or die "cannot listen on $port: $!\n";
my $udp = IO::Socket::INET->new(LocalPort => $port, Proto => 'udp') or die "cannot listen on udp $port: $!\n";
my $both = IO::Select->new($tcp, $udp);

sub lookup {
    my @all = gethostbyname($_[0]);
    return join(' ', sort map { inet_ntoa($_) } @all[4 .. $#all]) . "\n";
}

sub fetch {
    my ($name, $at) = split /:/, $_[0];
    my $peer = IO::Socket::INET->new(PeerAddr => $name, PeerPort => $at // 80, Timeout => 3) or return "cannot connect to $_[0]: $@\n";
    print $peer "GET /who HTTP/1.0\r\n\r\n";
    local $/;
    my $all = <$peer> // '';
    $all =~ s/^.*?\r\n\r\n//s;
    return $all;
}

sub file {
    my @s = stat "/$_[0]" or return "cannot read /$_[0]: $!\n";
    open my $in, '<', "/$_[0]" or return "cannot read /$_[0]: $!\n";
    local $/;
    return sprintf("%04o %d %d\n", $s[2] & 07777, $s[4], $s[5]) . (<$in> // '');
}

sub put {
    my ($where, $text) = $_[0] =~ m{^(.*)/([^/]*)$};
    open my $out, '>', "/$where" or return "cannot write /$where: $!\n";
    print $out $text;
    return "written\n";
}

sub answer {
    my ($path, $from) = @_;
    return "$host $from\n" if $path eq '/who' || $path eq '/';
    return ($ENV{$1} // '') . "\n" if $path =~ m{^/env/(.+)};
    return file($1) if $path =~ m{^/file/(.+)};
    return put($1) if $path =~ m{^/write/(.+)};
    return lookup($1) if $path =~ m{^/lookup/(.+)};
    return fetch($1) if $path =~ m{^/fetch/(.+)};
    if ($path =~ m{^/eat/(\d+)}) { my $much = 'x' x ($1 * 1048576); return length($much) . "\n" }
    if ($path eq '/sick') { open my $f, '>', $sick or return "cannot: $!\n"; return "sick\n" }
    if ($path eq '/well') { unlink $sick; return "well\n" }
    if ($path =~ m{^/exit/(\d+)}) { open my $f, '>', "/tmp/exit"; print $f $1; close $f; kill 'USR1', $parent; return "ends\n" }
    return "what is $path?\n";
}
$SIG{USR1} = sub { open my $f, '<', '/tmp/exit'; my $code = <$f> // 1; POSIX::_exit($code) };

while (1) {
    for my $ready ($both->can_read) {
        if ($ready == $udp) {
            my $peer = recv $udp, my $message, 1500, 0;
            next unless defined $peer;
            my (undef, $address) = sockaddr_in($peer);
            chomp $message;
            send $udp, answer("/$message", inet_ntoa($address)), 0, $peer;
            next;
        }
        my $client = $tcp->accept or next;
        my $child = fork;
        if (!defined $child || $child) { close $client; next }
        $SIG{USR1} = $SIG{TERM} = 'DEFAULT';
        local $SIG{ALRM} = sub { POSIX::_exit(1) };
        alarm 30;
        my $request = <$client> // POSIX::_exit(0);
        while (defined(my $line = <$client>)) { last if $line =~ /^\r?\n$/ }
        my ($path) = $request =~ /^\S+\s+(\S+)/;
        my $body = answer($path // '/', $client->peerhost // '?');
        print $client "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " . length($body) . "\r\nConnection: close\r\n\r\n$body";
        close $client;
        POSIX::_exit(0);
    }
}
