using Buildd.Linux.Files;
using Buildd.Linux.Text;

namespace Buildd.Master.Uploads.Checks;

/// <summary>Gathers what is said about one upload, so that its maker is told everything at once. For one thread.</summary>
internal sealed class FindingList
{
    /// <summary>200: more than anybody mends by hand, and a bound on what a hostile upload makes us write and mail.</summary>
    public const int MaxFindings = 200;

    /// <summary>Characters of one sentence; what a program says about a file may be longer than anybody reads.</summary>
    private const int MaxTextLength = 600;

    private readonly List<UploadFinding> _findings = [];
    private int _more;

    public bool IsRejected { get; private set; }

    /// <summary>What was found, in the order in which it was; a last sentence counts what is over the limit.</summary>
    public IReadOnlyList<UploadFinding> Findings =>
        _more == 0
            ? [.. _findings]
            : [.. _findings, new UploadFinding(false, null, $"There are {_more} more findings that are not listed.")];

    /// <summary>Something that keeps the upload from being accepted. The text goes on after the file's name.</summary>
    public void Reject(string? file, string text) => Add(false, file, text);

    /// <summary>Something that is to be known.</summary>
    public void Warn(string? file, string text) => Add(true, file, text);

    private void Add(bool isWarning, string? file, string text)
    {
        IsRejected |= !isWarning;
        if (_findings.Count >= MaxFindings)
        {
            _more++;
            return;
        }

        text = file is null ? text : $"{FileName.Display(file)} {text}";
        if (text.Length > MaxTextLength)
            text = text[..MaxTextLength] + "…";
        text = Printable.Line(text, replacement: ' ');
        _findings.Add(new UploadFinding(isWarning, file, text is [.., '.'] ? text : text + "."));
    }
}
