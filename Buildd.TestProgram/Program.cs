// A child that does what a test tells it to: one word, then its numbers. See Buildd.UnitTests/Processes.
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Buildd.TestPrograms;

var number = args.Length > 1 && int.TryParse(args[1], NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0;
switch (args.FirstOrDefault())
{
    case "exit":
        return number;

    case "print": // standard output and standard error in turn, each line flushed
        for (var i = 0; i < number; i++)
            (i % 2 == 0 ? Console.Out : Console.Error).WriteLine($"line {i}");
        return 0;

    case "cat": // standard input to standard output
        using (var input = Console.OpenStandardInput())
        using (var output = Console.OpenStandardOutput())
            input.CopyTo(output);
        return 0;

    case "pour": // so many KiB
        var block = new byte[1024];
        Array.Fill(block, (byte)'x');
        using (var output = Console.OpenStandardOutput())
        {
            for (var i = 0; i < number; i++)
                output.Write(block);
        }

        return 0;

    case "show": // a variable, or the folder it runs in
        Console.WriteLine(args[1] == "PWD" ? Environment.CurrentDirectory : Environment.GetEnvironmentVariable(args[1]) ?? "(unset)");
        return 0;

    case "sleep":
        Console.WriteLine("asleep");
        Thread.Sleep(TimeSpan.FromSeconds(number));
        return 0;

    case "ignore-signals": // SIGTERM and SIGINT are received and forgotten
        using (PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => context.Cancel = true))
        using (PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true))
        {
            Console.WriteLine("deaf");
            Thread.Sleep(TimeSpan.FromSeconds(number));
        }

        return 0;

    case "stop-politely": // SIGTERM ends it with code 7
        using (PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => Environment.Exit(7)))
        {
            Console.WriteLine("listening");
            Thread.Sleep(TimeSpan.FromSeconds(number));
        }

        return 0;

    case "leak": // leaves a grandchild in a session of its own, which holds standard output open
        using (var child = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"setsid sleep {number} & echo leaked $!"])))
            child!.WaitForExit();
        return 0;

    case "keep-archive" when args.Length == 4: // an archive of packages, with what was fetched of it kept in folders
        await ArchiveCache.RunAsync(new Uri(args[1].TrimEnd('/') + "/"), args[2], args[3]);
        return 0;

    default:
        Console.Error.WriteLine(
            "usage: exit N | print N | cat | pour N | show NAME | sleep N | ignore-signals N | stop-politely N | leak N | keep-archive "
                + "URL FOLDER FOLDER");
        return 64;
}
