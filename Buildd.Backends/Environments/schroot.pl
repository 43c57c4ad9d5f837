#!/usr/bin/perl
# Written for one build: what it runs in the chroot as an ordinary user, and so the package's own programs, has no network.
use strict; use warnings;
my (@words, $user, $runs);
while (@ARGV) {
    push @words, shift @ARGV;
    if ($words[-1] eq '--') { $runs = 1; last }
    if ($words[-1] eq '-u') { $user = shift @ARGV; push @words, 'root' }
}
if ($runs) {
    die "nobody said who runs a command in the chroot\n" unless defined $user;
    $ENV{HOME} //= (getpwuid $<)[7];
    unshift @ARGV, 'unshare', '--net', '--', 'perl', '-e', isolation(), '--', $user, $ENV{PATH} // '' if $user ne 'root';
}
sub isolation {
    open my $file, '<', "$0-isolation" or die "$0-isolation: $!\n";
    local $/;
    return scalar <$file>;
}
exec 'schroot', @words, @ARGV or die "schroot: $!\n";
