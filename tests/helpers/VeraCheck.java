// Runs veraPDF over many files in one go. One line a file and profile, tabs between:
// PASS or FAIL or ERROR, profile, file, and the clauses that are broken.
//
//     java VeraCheck 3a,ua1 FILE...

import java.io.File;
import java.io.InputStream;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;
import org.verapdf.pdfa.validation.profiles.Profiles;
import org.verapdf.pdfa.validation.profiles.ValidationProfile;

public class VeraCheck {
  public static void main(String[] arguments) throws Exception {
    Logger.getLogger("").setLevel(Level.OFF);
    VeraGreenfieldFoundryProvider.initialise();
    Map<String, ValidationProfile> profiles = new TreeMap<>();
    for (String name : arguments[0].split(",")) {
      profiles.put(name, readProfile(name));
    }
    for (int i = 1; i < arguments.length; i++) {
      for (String name : profiles.keySet()) {
        String[] found = check(new File(arguments[i]), name, profiles.get(name));
        System.out.println(String.join("\t", found[0], name, arguments[i], found[1]));
      }
    }
  }

  static ValidationProfile readProfile(String name) throws Exception {
    String file = (name.startsWith("ua") ? "PDFUA-" + name.substring(2) : "PDFA-" + name.toUpperCase()) + ".xml";
    try (InputStream in = VeraCheck.class.getResourceAsStream("/org/verapdf/pdfa/validation/" + file)) {
      return Profiles.profileFromXml(in);
    }
  }

  static String[] check(File file, String name, ValidationProfile profile) {
    try (PDFAParser parser = Foundries.defaultInstance().createParser(file, PDFAFlavour.byFlavourId(name))) {
      ValidationResult result = Foundries.defaultInstance().createValidator(profile, false).validate(parser);
      if (result.isCompliant()) {
        return new String[] {"PASS", ""};
      }
      TreeSet<String> clauses = new TreeSet<>();
      for (TestAssertion one : result.getTestAssertions()) {
        clauses.add(one.getRuleId().getClause() + "-" + one.getRuleId().getTestNumber());
      }
      return new String[] {"FAIL", String.join(" ", clauses)};
    } catch (Throwable err) {
      return new String[] {"ERROR", String.valueOf(err).replaceAll("\\s+", " ")};
    }
  }
}
