#!/usr/bin/perl
use strict; use warnings; use Socket;
my ($user, $path) = splice @ARGV, 0, 2;
socket(my $socket, AF_INET, SOCK_DGRAM, 0) or die "a socket: $!\n";
my $request = pack('a16 s x22', 'lo', 0);
ioctl($socket, 0x8913, $request) or die "the loopback interface: $!\n";
my (undef, $flags) = unpack('a16 s', $request);
ioctl($socket, 0x8914, pack('a16 s x22', 'lo', $flags | 1)) or die "the loopback interface can't be brought up: $!\n";
close $socket;
if ($user ne '') {
    $ENV{USER} = $ENV{LOGNAME} = $user; $ENV{PATH} = $path ne '' ? $path : '/usr/local/bin:/usr/bin:/bin'; $ENV{SCHROOT_COMMAND} = "@ARGV" if defined $ENV{SCHROOT_COMMAND};
    my (undef, undef, $id, $group) = getpwnam($user) or die "there is no user $user\n";
    my @groups = ($group);
    while (my (undef, undef, $number, $members) = getgrent()) { push @groups, $number if grep { $_ eq $user } split / /, $members; }
    $) = "$group @groups"; $( = $group; $> = $< = $id; ($<, $>) = ($id, $id);
    die "user $user could not be become\n" unless $< == $id && $> == $id && $( == $group && $) == $group;
}
no warnings 'exec';
exec { $ARGV[0] } @ARGV;
print STDERR "$ARGV[0]: $!\n"; exit 127;
