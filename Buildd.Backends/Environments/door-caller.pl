#!/usr/bin/perl
# Runs a command in the container, as its root, and behaves as the command would. The container's root may change the folder of the door
# at any time: what is used is made here, opened without following a link or waiting, and looked at once it is open.
use strict; use warnings;
use Errno qw(EAGAIN EINTR ENXIO);
use Fcntl qw(:DEFAULT :mode);
use POSIX ();

my $patience = 60;         # seconds that the container may take to listen
my $rest = 3;              # seconds that what a command left running may hold its output open
my $piece = 65536;         # bytes
my $longest = 16;          # bytes of an exit code
my $path = 010000000;     # O_PATH, which Fcntl has no name for

my $door = shift @ARGV;
$SIG{PIPE} = 'IGNORE';
$SIG{$_} = sub { POSIX::_exit(143) } for qw(TERM INT HUP);

sub fail { print STDERR "the container can't be called: $_[0]\n"; POSIX::_exit(125) }

# What has the name, whatever it is; nothing is done to it.
sub look {
    my ($name, $is) = @_;
    sysopen(my $file, $name, $path | O_NOFOLLOW) or fail("$name: $!");
    my @facts = stat $file;
    fail("$name is not what was made here") unless @facts && $is->($facts[2]) && $facts[4] == $>;
    return $file;
}

# Opens what was looked at, and nothing that has its name by now.
sub reopen {
    my ($file, $how) = @_;
    my $opened;
    return sysopen($opened, '/proc/self/fd/' . fileno($file), $how | O_NONBLOCK) ? $opened : undef;
}

my $folder = look($door, sub { S_ISDIR($_[0]) });
chdir $folder or fail("the folder: $!");
my $name;
for (1 .. 10) {
    $name = 'call.' . join '', map { ('a' .. 'z', 'A' .. 'Z', 0 .. 9)[rand 62] } 1 .. 16;
    last if mkdir $name, 0700;
    fail("a folder: $!") if $_ == 10;
}
my $call = look($name, sub { S_ISDIR($_[0]) });
chdir $call or fail("the call: $!");
my %made;
for my $part (qw(in out err end)) {
    POSIX::mkfifo($part, 0600) or fail("a pipe: $!");
    $made{$part} = look($part, sub { S_ISFIFO($_[0]) });
}
my %open = map { $_ => reopen($made{$_}, O_RDONLY) // fail("$_: $!") } qw(out err end);
sysopen(my $words, 'words', O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600) or fail("the words: $!");
my $all = join '', map { "$_\0" } @ARGV;
for (my $at = 0; $at < length $all;) {
    $at += syswrite($words, $all, length($all) - $at, $at) // fail("the words: $!");
}
close $words;

chdir $folder or fail("the folder: $!");
my $calls = look('calls', sub { S_ISFIFO($_[0]) });
my $start = time;
my $bell;
until ($bell = reopen($calls, O_WRONLY)) {
    fail("nobody listens: $!") if $! != ENXIO || time - $start > $patience;
    select undef, undef, undef, 0.05;
}
syswrite($bell, "$name\n") == length("$name\n") or fail("nobody listens: $!");
close $bell;

my ($input, $waiting, $said, $ended) = (undef, '', '', undef);
my ($reads, $writes) = (1, 1); # whether there may be more to read, and whether the command may want it
while (1) {
    last if !$open{out} && !$open{err} && defined $ended;
    last if defined $ended && time - $ended > $rest;
    # The command's side opens its end first; then there is somebody to write to.
    if ($writes && !$input) {
        $input = reopen($made{in}, O_WRONLY);
        fail("the input: $!") if !$input && $! != ENXIO;
    }
    if ($input && ($waiting eq '' && !$reads || defined $ended)) { close $input; $input = undef; $writes = 0 }
    my ($in, $out) = ('', '');
    vec($in, fileno($_), 1) = 1 for grep { defined } @open{qw(out err end)};
    vec($in, 0, 1) = 1 if $reads && $writes && $waiting eq '';
    vec($out, fileno($input), 1) = 1 if $input && $waiting ne '';
    my $found = select $in, $out, undef, $input || !$writes ? 1 : 0.02;
    if ($found < 0) { next if $! == EINTR; fail("waiting: $!") }
    if ($found == 0) {
        # Nobody can write to a pipe any more that has lost its name.
        for my $part (grep { $open{$_} } qw(out err end)) { fail("$part was removed") if (stat $open{$part})[3] == 0 && !defined $ended }
        next;
    }
    if (vec $in, 0, 1) {
        my $count = sysread STDIN, $waiting, $piece;
        $reads = 0 unless $count;
    }
    if ($input && vec $out, fileno($input), 1) {
        my $count = syswrite $input, $waiting;
        if (defined $count) { substr($waiting, 0, $count) = '' }
        elsif ($! != EAGAIN && $! != EINTR) { close $input; $input = undef; $writes = 0; $waiting = '' }
    }
    for my $part (qw(out err)) {
        next unless $open{$part} && vec $in, fileno($open{$part}), 1;
        my $bytes;
        my $count = sysread $open{$part}, $bytes, $piece;
        if (!defined $count) { next if $! == EAGAIN || $! == EINTR; fail("$part: $!") }
        if (!$count) { close $open{$part}; $open{$part} = undef; next }
        my $to = $part eq 'out' ? \*STDOUT : \*STDERR;
        for (my $at = 0; $at < $count;) {
            my $written = syswrite $to, $bytes, $count - $at, $at;
            if (defined $written) { $at += $written }
            elsif ($! == EAGAIN) { my $wait = ''; vec($wait, fileno($to), 1) = 1; select undef, $wait, undef, 1 }
            elsif ($! != EINTR) { POSIX::_exit(141) } # as a program that is not asked any more
        }
    }
    if ($open{end} && vec $in, fileno($open{end}), 1) {
        my $count = sysread $open{end}, $said, $longest, length $said;
        if (defined $count && (!$count || $said =~ /\n/ || length $said > $longest)) { close $open{end}; $open{end} = undef; $ended = time }
    }
}

# The names that were made here, and nothing that lies below what has them by now.
if (chdir $call) { unlink qw(in out err end words) }
if (chdir $folder) { rmdir $name }
POSIX::_exit($said =~ /^(\d{1,3})\n/ && $1 < 256 ? $1 : 125);
