#!/usr/bin/perl
# usage: read-control.pl dsc|changes|stanzas|relations|versions < INPUTS
# Reads each input with dpkg's own modules. Inputs are a length in bytes, a line end, and so many bytes; for each there is a line: + and
# what was read, or - and why it was refused, in hexadecimal digits.
use strict;
use warnings;
use File::Temp qw(tempdir);
use Dpkg::Checksums;
use Dpkg::Control;
use Dpkg::Deps;
use Dpkg::ErrorHandling;
use Dpkg::Source::Package;
use Dpkg::Version;

report_options(quiet_warnings => 1);
$SIG{__WARN__} = sub { };
binmode STDIN;
my $directory = tempdir(CLEANUP => 1);

sub fields {
    my $control = shift;
    return join "\n\n", map { lc($_) . '=' . ($control->{$_} // "\t") } sort { lc $a cmp lc $b } keys %$control;
}

sub checksums {
    my $sums = shift;
    return join "\n", map { "$_ " . ($sums->get_size($_) + 0) . ' ' . ($sums->get_checksum($_, 'md5') // '') } $sums->get_files();
}

my %readers = (
    dsc => sub {
        my $path = "$directory/x.dsc";
        open(my $file, '>:raw', $path) or die;
        print {$file} $_[0];
        close $file;
        my $package = Dpkg::Source::Package->new(filename => $path);
        my ($ok, $mistake) = version_check($package->{fields}{Version}); # as dpkg-source does when it unpacks
        die "illegal version: $mistake\n" unless $ok;
        return fields($package->{fields}) . "\n\n" . checksums($package->{checksums});
    },
    changes => sub {
        open(my $file, '<:raw', \$_[0]) or die;
        my $control = Dpkg::Control->new(type => CTRL_FILE_CHANGES);
        $control->parse($file, 'x.changes') or die "nothing in it\n";
        Dpkg::Checksums->new()->add_from_control($control);
        return fields($control);
    },
    stanzas => sub {
        open(my $file, '<:raw', \$_[0]) or die;
        my @stanzas;
        until (eof $file) {
            my $control = Dpkg::Control->new(type => CTRL_INDEX_PKG);
            push @stanzas, fields($control) if $control->parse($file, 'x');
        }
        return join "\n\n\n", @stanzas;
    },
    relations => sub {
        my $dependencies = deps_parse($_[0], build_dep => 1) // die "not a list of relations\n";
        return $dependencies->output();
    },
    versions => sub {
        my ($ok, $mistake) = version_check($_[0]);
        die "$mistake\n" unless $ok;
        my $version = Dpkg::Version->new($_[0]);
        return join '|', $version->epoch() + 0, $version->version(), $version->revision();
    },
);
my $read = $readers{shift @ARGV // ''} or die "usage: read-control.pl dsc|changes|stanzas|relations|versions\n";

while (defined(my $length = <STDIN>)) {
    my $input = '';
    read(STDIN, $input, $length) == $length or die "an input is not whole\n";
    my $form = eval { $read->($input) };
    my $mistake = $@;
    print defined $form ? '+' . unpack('H*', $form) : '-' . unpack('H*', $mistake =~ s/\s+$//r), "\n";
}
