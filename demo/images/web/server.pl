#!/usr/bin/perl
# The web of the getting-started stack: a greeting, the container's name, a counter kept in redis, the client's address.
# One process a request, so that a slow client holds up nobody.
use strict;
use warnings;
use IO::Socket::INET;
use POSIX ();
use Sys::Hostname;

my $port = $ENV{PORT} // 80;
my $name = $ENV{NAME} // 'World';
my $host = hostname();
# web --healthy: does this container's server answer? For health checks.
if (@ARGV && $ARGV[0] eq '--healthy') {
    my $self = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 1) or exit 1;
    print $self "GET /health HTTP/1.0\r\n\r\n";
    exit((<$self> // '') =~ / 200 / ? 0 : 1);
}

my $listener;
$SIG{CHLD} = 'IGNORE';
# What was accepted is still answered.
$SIG{TERM} = $SIG{INT} = sub { close $listener if $listener; print "$host stops\n"; 1 while wait != -1; POSIX::_exit(0) };
$| = 1;

$listener = IO::Socket::INET->new(LocalPort => $port, Listen => 512, ReuseAddr => 1) or die "cannot listen on $port: $!\n";
print "$host listens on $port\n";

sub visits {
    my $redis = IO::Socket::INET->new(PeerAddr => $ENV{REDIS} // 'redis', PeerPort => 6379, Timeout => 2) or return undef;
    local $SIG{ALRM} = sub { die "timeout\n" };
    my $answer = eval { alarm 2; print $redis "INCR visits\r\n"; my $line = <$redis>; alarm 0; $line };
    return defined $answer && $answer =~ /^:(\d+)/ ? $1 : undef;
}

while (1) {
    my $client = $listener->accept or next;
    my $child = fork;
    if (!defined $child) { close $client; next }
    if ($child) { close $client; next }
    close $listener;
    $SIG{TERM} = $SIG{INT} = 'DEFAULT';
    local $SIG{ALRM} = sub { POSIX::_exit(1) };
    alarm 10;
    my $request = <$client> // POSIX::_exit(0);
    while (defined(my $line = <$client>)) { last if $line =~ /^\r?\n$/ }
    my ($path) = $request =~ /^\S+\s+(\S+)/;
    my $from = $client->peerhost // '?';
    my $body;
    if (($path // '/') eq '/health') {
        $body = "ok\n";
    } elsif ($path eq '/who') {
        $body = "$host $from\n";
    } else {
        my $visits = visits();
        my $count = defined $visits ? $visits : '<i>cannot connect to redis, counter disabled</i>';
        $body = "<h3>Hello $name!</h3><b>Hostname:</b> $host<br/><b>Visits:</b> $count<br/><b>Client:</b> $from\n";
    }
    print $client "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: " . length($body) . "\r\nConnection: close\r\n\r\n$body";
    close $client;
    print "$from $path\n";
    POSIX::_exit(0);
}
