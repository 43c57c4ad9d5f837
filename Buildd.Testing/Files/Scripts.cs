namespace Buildd.Testing.Files;

/// <summary>Reads the scripts of test projects, which are files beside the classes that run them and part of the assembly.</summary>
/// <remarks>What a script has to know comes as arguments or variables: no text of it is ever replaced.</remarks>
public static class Scripts
{
    /// <summary>Returns a script as a file that can be run.</summary>
    /// <param name="owner">A class of the project that has the script.</param>
    /// <param name="path">The script's path in the project.</param>
    public static string Program(Type owner, string path)
    {
        using var stream = owner.Assembly.GetManifestResourceStream(path)
            ?? throw new InvalidOperationException($"{owner.Assembly.GetName().Name} has no script '{path}'");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>Returns a script to be handed to an interpreter: without the line that names the interpreter.</summary>
    /// <param name="owner">A class of the project that has the script.</param>
    /// <param name="path">The script's path in the project.</param>
    public static string Text(Type owner, string path)
    {
        var program = Program(owner, path);
        return program[(program.IndexOf('\n', StringComparison.Ordinal) + 1)..].TrimEnd('\n');
    }
}
