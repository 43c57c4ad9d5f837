using Buildd.Linux.Processes;

namespace Buildd.Backends.Environments;

/// <summary>Runs commands in a network of their own, which has a loopback interface that is up and nothing else.</summary>
/// <remarks>
/// It needs root, in a chroot too, and there nothing but util-linux and perl-base, which are essential in Debian: so old
/// chroots have them. An ordinary user can't make such a network in a chroot by a user namespace: the kernel refuses that.
/// </remarks>
internal static class NetworkIsolation
{
    /// <summary>
    /// The first word is an account to become, or empty, the second its search path; the rest is the command. schroot has set
    /// what tells who one is for root, which is taken back. The numbers are those of every architecture
    /// (netdevice(7)): SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP. A command that can't be run ends as a shell would tell it.
    /// </summary>
    internal const string Script =
        """
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
        """;

    /// <summary>Stands between sbuild and schroot: what is run as anybody but root gets no network. Whatever it does not understand fails.</summary>
    private const string SchrootScript =
        """
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
            unshift @ARGV, 'unshare', '--net', '--', 'perl', '-e', SCRIPT, '--', $user, $ENV{PATH} // '' if $user ne 'root';
        }
        exec 'schroot', @words, @ARGV or die "schroot: $!\n";
        """;

    /// <summary>The command without a network.</summary>
    /// <param name="command">The command, which has to be run as root.</param>
    internal static Command Isolate(Command command) => command.Behind("unshare", "--net", "--", "perl", "-e", Script, "--", "", "");

    /// <summary>The same for a command on this machine itself: an ordinary user makes the network in a user namespace, in which sudo does not work.</summary>
    internal static Command IsolateHere(Command command) => CurrentUser.IsRoot
        ? Isolate(command)
        : command.Behind("unshare", "--user", "--map-current-user", "--keep-caps", "--net", "--", "perl", "-e", Script, "--", "", "");

    /// <summary>A program to be called in place of schroot.</summary>
    internal static string WriteSchroot() =>
        SchrootScript.Replace("SCRIPT", $"'{Script.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'", StringComparison.Ordinal) + "\n";
}
